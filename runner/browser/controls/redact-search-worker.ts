import { parentPort } from 'node:worker_threads';
import { findMatches, type TextRule } from '#shared/redact-matches.ts';

/**
 * Holds texts against rules on a thread of its own: an expression of a caller may take longer than anybody can wait, and
 * then this thread is ended. `shown` texts come from a page as it was laid out, the others from addresses and sentences.
 */
export type SearchTask = { texts: readonly string[]; rules: readonly (TextRule | null)[]; of: 'shown' | 'written' };
/** `at` says which rule is being looked for; `found` ends a task: the rules that find something, and the texts that hold it. */
export type SearchReply = { at: number } | { found: { rules: number[]; texts: number[] } };

parentPort?.on('message', ({ texts, rules, of }: SearchTask) => {
  const reply = (message: SearchReply) => parentPort?.postMessage(message);
  const forms = texts.map((text) => (of === 'shown' ? [readable(text)] : [...new Set([text, decode(text)])]));
  const found = { rules: new Set<number>(), texts: new Set<number>() };
  for (const [at, rule] of rules.entries()) {
    if (!rule) continue;
    reply({ at });
    const holds = makeTest(rule);
    for (const [index, ways] of forms.entries()) {
      if (!ways.some(holds)) continue;
      found.rules.add(at);
      found.texts.add(index);
      if (of === 'shown') break; // Which rule it was is all that is asked then.
    }
  }
  reply({ found: { rules: [...found.rules], texts: [...found.texts] } });
});

function makeTest(rule: TextRule): (text: string) => boolean {
  if (rule.kind !== 'regex') return (text) => findMatches(text, rule).length > 0;
  const expression = new RegExp(rule.source, rule.flags);
  return (text) => expression.test(text);
}

function readable(text: string): string {
  return text.replace(/\p{Default_Ignorable_Code_Point}/gu, '').replace(/\s+/g, ' ');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // Not percent-encoded text.
  }
}
