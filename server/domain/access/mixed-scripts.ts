import { domainToUnicode } from 'node:url';

/** Scripts by the names that Unicode gives them; a letter of none of these counts as one of `another script`. */
const SCRIPTS = [
  ...['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Georgian', 'Cherokee', 'Hebrew', 'Arabic', 'Thai', 'Lao', 'Khmer', 'Myanmar'],
  ...['Devanagari', 'Bengali', 'Gujarati', 'Gurmukhi', 'Kannada', 'Malayalam', 'Tamil', 'Telugu', 'Sinhala', 'Ethiopic', 'Tibetan'],
  ...['Mongolian', 'Han', 'Hiragana', 'Katakana', 'Bopomofo', 'Hangul'],
].map((name) => ({ name, letter: new RegExp(`\\p{Script=${name}}`, 'u') }));
/** Digits, hyphens and accents belong to every script. */
const COMMON = /[\p{Script=Common}\p{Script=Inherited}]/u;
/** Scripts that one language is written in at once, Latin letters among them (UTS 39, “highly restrictive”). */
const TOGETHER: readonly ReadonlySet<string>[] = [
  new Set(['Latin', 'Han', 'Hiragana', 'Katakana']),
  new Set(['Latin', 'Han', 'Hangul']),
  new Set(['Latin', 'Han', 'Bopomofo']),
];

/**
 * Says of a host or wildcard, as it is stored, that one of its labels mixes scripts, as `аpple` does with a Cyrillic `а`:
 * it may have been handed on by somebody who wants another host to be meant. Null where no label does. A label that is
 * written in one foreign script throughout is not told: it may be anybody's honest name.
 */
export function warnOfMixedScripts(host: string): string | null {
  const labels = host.replace(/^\*\./, '').split('.');
  for (const stored of labels.filter((label) => label.startsWith('xn--'))) {
    const shown = domainToUnicode(stored);
    const scripts = scriptsOf(shown);
    if (scripts.length < 2 || TOGETHER.some((together) => scripts.every((script) => together.has(script)))) continue;
    const names = `${scripts.slice(0, -1).join(', ')} and ${scripts.at(-1)}`;
    return `“${shown}” (${stored}) mixes letters of ${names}: it can pass for another name. See that it is the host you mean, or remove it.`;
  }
  return null;
}

/** The scripts of a label, each once, in the order in which they come. */
function scriptsOf(label: string): string[] {
  const letters = [...label].filter((letter) => !COMMON.test(letter));
  return [...new Set(letters.map((each) => SCRIPTS.find(({ letter }) => letter.test(each))?.name ?? 'another script'))];
}
