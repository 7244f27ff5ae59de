/**
 * Matches a URL against a pattern as Playwright writes them: `*` stays inside a path segment, `**` crosses segments,
 * `{a,b}` names alternatives, everything else is literal. A pattern without `?` and `#` is also held against the URL
 * without query and fragment, and one that begins with `/` against the path alone, which is what people mean.
 */
export function matchesUrl(pattern: string, href: string): boolean {
  const whole = globToRegExp(pattern);
  if (whole.test(href)) return true;
  if (!URL.canParse(href)) return false;
  const url = new URL(href);
  const bare = `${url.origin}${url.pathname}`;
  const forms = pattern.startsWith('/')
    ? [`${url.pathname}${url.search}${url.hash}`, `${url.pathname}${url.search}`]
    : [`${bare}${url.search}`];
  if (!/[?#]/.test(pattern)) forms.push(pattern.startsWith('/') ? url.pathname : bare);
  // `https://host` and `https://host/` are the same address to everybody but a string comparison.
  if (url.pathname === '/' && !pattern.endsWith('/')) forms.push(...forms.map((form) => form.replace(/\/$/, '')));
  return forms.some((form) => whole.test(form));
}

function globToRegExp(glob: string): RegExp {
  return new RegExp(globSource(glob));
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
