import { RE2JS } from 're2js';

/** A page makes up addresses of any length: one that is longer is compared by its beginning. */
const ADDRESS_CHARS_MAX = 16_384;
const COMPILED_MAX = 200;
const compiled = new Map<string, RE2JS>();

/**
 * Matches a URL against a pattern as Playwright writes them: `*` stays inside a path segment, `**` crosses segments,
 * `{a,b}` names alternatives, everything else is literal. A pattern without `?` and `#` is also held against the URL
 * without query and fragment, and one that begins with `/` against the path alone, which is what people mean.
 *
 * `strict`, for what a match proves or allows: a pattern that names no query is not met by one. `/start?next=/dashboard`
 * is not the dashboard, though it ends like it.
 */
export function matchesUrl(pattern: string, address: string, { strict = false }: { strict?: boolean } = {}): boolean {
  const href = address.slice(0, ADDRESS_CHARS_MAX);
  const glob = compile(pattern);
  if (!URL.canParse(href)) return glob.matches(href);
  const url = new URL(href);
  if (strict && !/[?#]/.test(pattern)) url.search = url.hash = '';
  if (glob.matches(strict ? url.href : href)) return true;
  const bare = `${url.origin}${url.pathname}`;
  const forms = pattern.startsWith('/')
    ? [`${url.pathname}${url.search}${url.hash}`, `${url.pathname}${url.search}`]
    : [`${bare}${url.search}`];
  if (!/[?#]/.test(pattern)) forms.push(pattern.startsWith('/') ? url.pathname : bare);
  // `https://host` and `https://host/` are the same address to everybody but a string comparison.
  if (url.pathname === '/' && !pattern.endsWith('/')) forms.push(...forms.map((form) => form.replace(/\/$/, '')));
  return forms.some((form) => glob.matches(form));
}

/** In linear time, whatever the pattern: a caller writes the one side and a hostile page the other. */
function compile(glob: string): RE2JS {
  const known = compiled.get(glob);
  if (known) return known;
  const made = RE2JS.compile(globSource(glob), RE2JS.DOTALL);
  const oldest = compiled.size >= COMPILED_MAX ? compiled.keys().next().value : undefined;
  if (oldest !== undefined) compiled.delete(oldest);
  compiled.set(glob, made);
  return made;
}

/** Writes a pattern as the source of a regular expression, for what has to match inside the page. */
export function globSource(glob: string): string {
  let source = '';
  let depth = 0;
  for (let i = 0; i < glob.length; i++) {
    const letter = glob.charAt(i);
    if (letter === '*') {
      const many = glob.charAt(i + 1) === '*';
      while (glob.charAt(i + 1) === '*') i++;
      // `**/` also stands for nothing, so that `**/reports` matches at the front of a path too.
      if (many && glob.charAt(i + 1) === '/') {
        source += '(?:.*/)?';
        i++;
      } else source += many ? '.*' : '[^/]*';
    } else if (letter === '{') {
      source += '(?:';
      depth++;
    } else if (letter === '}' && depth > 0) {
      source += ')';
      depth--;
    } else if (letter === ',' && depth > 0) source += '|';
    else source += letter.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  }
  return `^${source}${')'.repeat(depth)}$`;
}
