import type { TextMatch, TextRule } from '#shared/redact-matches.ts';

/** A character of a run: the number of its segment, and where it stands in it. */
export type Place = { segment: number; offset: number };
export type Span = { first: Place; last: Place };
/** A line as a reader sees it, where each of its characters comes from, and what was found in it. */
export type Line = { text: string; from: readonly Place[]; found: Span[] };
export type BreakTools = {
  rule: TextRule;
  find(text: string, rule: TextRule): TextMatch[];
  /** What the rules put in place of values: a line that ends in one has nothing left that could go on in the next. */
  replacements: readonly string[];
};

/**
 * Finds values that go on over the end of a line: what begins in one line and ends in another, at most eight lines with 64
 * characters between the first and the last. Lines are joined as if there were no end, and for an expression of the caller
 * also as if there were a space. What a line holds by itself stays as it is: `jane@acme.com` does not become
 * `jane@acme.comPhone`. Fewer lines go first. Each value is added to the `found` of its lines. Runs in the page: uses
 * nothing from outside itself.
 */
export function findOverBreaks(lines: readonly Line[], { rule, find, replacements }: BreakTools): Span[] {
  const LINES_MAX = 8;
  const CHARS_BETWEEN_MAX = 64;
  /** Without this there is no such value, which is seen faster than looked for. */
  const NEEDED = { email: /@/, card: /\d.*\d/, iban: /[a-z]{2}\d/i, phone: /\+.*\d/, jwt: /eyJ/, regex: /./ };
  /** Years and other short numbers under each other pass Luhn's check now and then; no card begins like them. */
  const STACKED_CARD = /^(?:[3-6]|2[2-7])/;
  const compare = (one: Place, other: Place) => one.segment - other.segment || one.offset - other.offset;
  const overlaps = (one: Span, other: Span) => compare(one.first, other.last) <= 0 && compare(other.first, one.last) <= 0;

  const spanOf = (stack: readonly Line[], lastAt: number, { start, end }: TextMatch): Span | null => {
    const [top, bottom] = [stack[0], stack.at(-1)];
    const [first, last] = [top?.from[start], bottom?.from[end - 1 - lastAt]];
    if (!top || !bottom || !first || !last) return null;
    const parts = [top.text.slice(start), ...stack.slice(1, -1).map((line) => line.text), bottom.text.slice(0, end - lastAt)];
    if (parts.some((part) => replacements.includes(part.trim()))) return null;
    if (rule.kind === 'card' && stack.length > 2 && !STACKED_CARD.test(parts.join(''))) return null;
    const span = { first, last };
    return stack.some((line) => line.found.some((other) => overlaps(span, other))) ? null : span;
  };
  const search = (stack: readonly Line[], space: string): Span[] => {
    const text = stack.map((line) => line.text).join(space);
    if (!NEEDED[rule.kind].test(text)) return [];
    const lastAt = text.length - (stack.at(-1)?.text.length ?? 0);
    return find(text, rule).flatMap((match) => spanOf(stack, lastAt, match) ?? []);
  };

  const spans: Span[] = [];
  for (let count = 2; count <= Math.min(LINES_MAX, lines.length); count++)
    for (let at = 0; at + count <= lines.length; at++) {
      const stack = lines.slice(at, at + count);
      const between = stack.slice(1, -1).reduce((sum, line) => sum + line.text.length, 0);
      if (between > CHARS_BETWEEN_MAX || stack.some((line) => line.text === '')) continue;
      for (const space of rule.kind === 'regex' ? [' ', ''] : [''])
        for (const span of search(stack, space)) {
          spans.push(span);
          for (const line of stack) line.found.push(span);
        }
    }
  return spans;
}
