import { isTraversal, parse } from 'css-what';
import { z } from 'zod';
import { LIMITS } from './limits.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f\u2028\u2029]/;
const ENGINES = new Set(['css', 'text', 'role', 'data-testid', 'nth', 'visible']);

/**
 * Explains why a selector is refused, or answers null when it is fine. Allowed are CSS (with Playwright's own pseudo
 * classes), `text=`, `role=`, `data-testid=`, `nth=`, `visible=`, quoted text, and chains of these with `>>`. Internal
 * and framework engines and XPath are refused: they reach into what the page did not mean to expose.
 */
export function selectorFault(selector: string): string | null {
  if (selector.trim() === '') return 'must not be empty';
  if (selector.length > LIMITS.selectorCharsMax) return `must be at most ${LIMITS.selectorCharsMax} characters`;
  // Playwright's splitting of chains depends on line breaks: an engine could hide behind one in a quoted text.
  if (CONTROL.test(selector)) return 'must be on one line, without control characters';
  for (const part of splitChain(selector)) {
    const fault = partFault(part.trim());
    if (fault) return fault;
  }
  return null;
}

function partFault(part: string): string | null {
  if (part === '') return 'has an empty part beside `>>`';
  if (/^\(*\/\//.test(part) || part.startsWith('..')) return 'XPath is not supported: use CSS, text=, role= or data-testid=';
  if (/^(".*"|'.*')$/s.test(part)) return null;
  const engine = /^([a-zA-Z_0-9-+:*]+)\s*=/.exec(part);
  if (engine?.[1] !== undefined) {
    const name = engine[1].replace(/^\*/, '');
    if (!ENGINES.has(name)) return `the selector engine \`${name}\` is not supported: use CSS, text=, role= or data-testid=`;
    const body = part.slice(engine[0].length);
    if (body.trim() === '') return `\`${name}=\` needs a value`;
    return name === 'css' ? cssFault(body) : null;
  }
  return cssFault(part);
}

function cssFault(css: string): string | null {
  try {
    for (const tokens of parse(css)) {
      const last = tokens.at(-1);
      if (!last || isTraversal(last)) return 'is not valid CSS: it ends where another part should follow';
      // The parser also knows `<` and `||`, which no browser does.
      if (tokens.some((token) => token.type === 'parent' || token.type === 'column-combinator'))
        return 'is not valid CSS: it has a combinator that browsers do not know';
    }
    return null;
  } catch (error) {
    const said = error instanceof Error ? error.message : 'cannot be parsed';
    // The parser quotes what it found, and at the end of the text there is nothing to quote.
    return `is not valid CSS: ${/found\s*$/.test(said) ? `${said.trimEnd()} the end` : said}`;
  }
}

/** Splits as Playwright does: where we saw one part and it saw two, an engine would slip through in the second. */
function splitChain(selector: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quote = '';
  for (let i = 0; i < selector.length; i++) {
    const letter = selector.charAt(i);
    if (letter === '\\') i++;
    else if (quote) quote = letter === quote ? '' : quote;
    else if ('"\'`'.includes(letter) && !/^\s*text\s*=./s.test(selector.slice(start, i))) quote = letter;
    else if (selector.startsWith('>>', i)) {
      parts.push(selector.slice(start, i));
      start = i + 2;
      i++;
    }
  }
  parts.push(selector.slice(start));
  return parts;
}

export const selectorSchema = z
  .string()
  .superRefine((value, context) => {
    const fault = selectorFault(value);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  })
  .describe('CSS, `text=`, `role=`, `data-testid=`, or a chain of these with `>>`.');
