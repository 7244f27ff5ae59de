/// <reference lib="dom" />
import type { TextMatch, TextRule } from '#shared/redact-matches.ts';
import type { BreakTools, Line, Place, Span } from './redact-breaks.ts';
import type { Segment } from './redact-runs.ts';

/** A rule as the page has it: by selector (native CSS where it is that, and the mark that others are given), or by text. */
export type PageRule = { css: string | null; text: TextRule | null; replacement: string };
export type TextTools = {
  rules: readonly PageRule[];
  find(text: string, rule: TextRule): TextMatch[];
  findOverBreaks(lines: readonly Line[], tools: BreakTools): Span[];
  /** Notes that a rule applied at a place. */
  hit(rule: number, place: Node, key: string, count: number, owner?: Element): void;
};
export type TextRedactor = { run(segments: Segment[]): void; string(text: string, place: Node, key: string): string };

/**
 * Makes what replaces text in a run of segments and in single strings. Text is looked at as a reader sees it: without
 * invisible characters, with white space as one space and full-width characters as plain ones. Runs in the page.
 */
export function makeTextRedactor(tools: TextTools): TextRedactor {
  const { rules, find, hit } = tools;
  const replacements = rules.flatMap(({ replacement }) => replacement.trim() || []);
  const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

  /** What a reader sees, and for each of its characters the segment and the offset that it comes from. */
  const read = (segments: readonly { value: string }[]) => {
    let text = '';
    const from: Place[] = [];
    for (const [segment, { value }] of segments.entries()) {
      for (let offset = 0; offset < value.length; offset++) {
        let letter = value.charAt(offset);
        if (letter > '\u007f') {
          if (INVISIBLE.test(letter)) continue;
          const plain = letter.normalize('NFKC');
          if (plain.length === 1) letter = plain;
          if (/[\u2010-\u2015\u2212]/.test(letter)) letter = '-';
        }
        if (/\s/.test(letter)) {
          if (text.endsWith(' ')) continue;
          letter = ' ';
        }
        text += letter;
        from.push({ segment, offset });
      }
    }
    return { text, from };
  };

  const compare = (one: Place, other: Place) => one.segment - other.segment || one.offset - other.offset;
  const findIn = (values: readonly string[], rule: TextRule, base: number) => {
    const { text, from } = read(values.map((value) => ({ value })));
    return find(text, rule).flatMap(({ start, end }) => {
      const [first, last] = [from[start], from[end - 1]];
      if (!first || !last) return [];
      return [{ first: { ...first, segment: first.segment + base }, last: { ...last, segment: last.segment + base } }];
    });
  };
  /** What a rule finds in all of a line and in each piece of it: what only a margin keeps apart is one text and is several. */
  const findInLine = (values: readonly string[], rule: TextRule, base: number) => {
    const whole = findIn(values, rule, base);
    const pieces = values.length < 2 ? [] : values.flatMap((value, at) => (value.trim() === '' ? [] : findIn([value], rule, base + at)));
    const places: Span[] = [];
    for (const place of [...whole, ...pieces].sort((one, other) => compare(one.first, other.first))) {
      const before = places.at(-1);
      if (!before || compare(place.first, before.last) > 0) places.push(place);
      else if (compare(place.last, before.last) > 0) before.last = place.last;
    }
    return places;
  };
  /** A line without the space at its ends, which no reader sees. */
  const readLine = (values: readonly string[], base: number): Omit<Line, 'found'> => {
    const { text, from } = read(values.map((value) => ({ value })));
    const start = text.startsWith(' ') ? 1 : 0;
    const places = from.slice(start, start + text.trim().length);
    return { text: text.trim(), from: places.map(({ segment, offset }) => ({ segment: segment + base, offset })) };
  };
  /** What a rule finds in each line of a run, and what goes on from one line to another. */
  const findAll = (values: readonly string[], breaks: readonly number[], rule: TextRule) => {
    const lines = [-1, ...breaks].map((at, index) => {
      const inner = values.slice(at + 1, breaks[index]);
      return { ...(breaks.length > 0 ? readLine(inner, at + 1) : { text: '', from: [] }), found: findInLine(inner, rule, at + 1) };
    });
    const places = lines.flatMap((line) => line.found);
    if (breaks.length === 0) return places;
    const over = tools.findOverBreaks(lines, { rule, find, replacements });
    return over.length === 0 ? places : [...places, ...over].sort((one, other) => compare(one.first, other.first));
  };
  /** The values after every match of one rule is replaced; the first segment of a match takes the replacement. */
  const replace = (values: string[], breaks: readonly number[], rule: PageRule): number => {
    if (!rule.text) return 0;
    const matches = findAll(values, breaks, rule.text);
    for (const { first, last } of matches.toReversed()) {
      for (let i = last.segment; i >= first.segment; i--) {
        const value = values[i] ?? '';
        const start = i === first.segment ? first.offset : 0;
        const end = i === last.segment ? last.offset + 1 : value.length;
        values[i] = value.slice(0, start) + (i === first.segment ? rule.replacement : '') + value.slice(end);
      }
    }
    return matches.length;
  };

  /** One replacement for all that an owner holds in this run: neither length nor number of words is left. */
  const hideOwned = (segments: Segment[], values: string[]) => {
    for (let i = 0; i < segments.length; ) {
      const owner = segments[i]?.owner ?? null;
      let end = i + 1;
      while (end < segments.length && segments[end]?.owner?.element === owner?.element) end++;
      const rule = owner && rules[owner.rule];
      const shown = values.slice(i, end).join('').trim();
      if (owner && rule && shown !== '' && shown !== rule.replacement.trim()) {
        let isFirst = true;
        for (let at = i; at < end; at++) {
          const value = values[at] ?? '';
          if (value.trim() === '') continue;
          values[at] = isFirst ? value.replace(/^(\s*)[\s\S]*?(\s*)$/, (_all, left, right) => left + rule.replacement + right) : '';
          if (isFirst) hit(owner.rule, segments[at]?.place ?? owner.element, segments[at]?.key ?? '', 1, owner.element);
          isFirst = false;
        }
      }
      i = end;
    }
  };

  return {
    run: (segments) => {
      const values = segments.map((segment) => segment.value);
      const breaks = segments.flatMap(({ isBreak }, at) => (isBreak ? [at] : []));
      hideOwned(segments, values);
      if (values.some((value) => value.trim() !== ''))
        for (const [index, rule] of rules.entries()) {
          const before = [...values];
          const count = replace(values, breaks, rule);
          const changed = segments.find((_segment, at) => before[at] !== values[at]);
          if (count > 0 && changed) hit(index, changed.place, changed.key, count);
        }
      for (const [at, segment] of segments.entries()) {
        const value = values[at];
        if (value !== undefined && value !== segment.value) segment.write(value);
      }
    },
    string: (text, place, key) => {
      const values = [text];
      for (const [index, rule] of rules.entries()) {
        const count = replace(values, [], rule);
        if (count > 0) hit(index, place, key, count);
      }
      return values[0] ?? '';
    },
  };
}
