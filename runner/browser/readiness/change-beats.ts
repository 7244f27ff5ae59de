/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/** Tells the changes of a clock or a live value, which never end, from those of a page that is on its way. */
export type ChangeBeats = {
  /** Whether a change counts no longer: the node has changed for so long that it lives by changing. Notes the change. */
  isBeat(record: MutationRecord): boolean;
  /** What changes in the next `ms` milliseconds answers to something that was done to the page, and is no beat. */
  expectAnswers(ms: number): void;
};

/** Keeps the record of each node. Runs in the page: uses nothing from outside itself. */
export function makeChangeBeats(bare: Bare): ChangeBeats {
  const LIMIT = {
    changes: 4,
    restMs: 1000,
    rhythmMs: 5000,
    rhythmShare: 1.5,
    tickerMs: 1500,
    countUpMs: 2600,
    answers: 12,
    answerMs: 2500,
  };
  const now = performance.now.bind(performance);
  /** `during`: the answers that were expected when it began. */
  const changes = new WeakMap<Node, { count: number; first: number; last: number; gap: number; during: object | null }>();
  let answers = { counts: new WeakMap<Node, number>(), from: 0, until: 0 };

  // Asked for tickers only: the text of a large node, read at each of its changes, would cost more than all the rest.
  const isFigure = (node: Node) => {
    if (bare(node).childNodes.length > 3) return false;
    const text = bare(node).textContent ?? '';
    return /\d/.test(text) && text.length < 40 && !/\d:\d\d|\d{13}/.test(text);
  };
  /** A clock that goes on meanwhile is told by how often it does. */
  const isAnswer = (node: Node, at: number) => {
    if (at > answers.until) return false;
    const count = (answers.counts.get(node) ?? 0) + 1;
    answers.counts.set(node, count);
    return count <= LIMIT.answers;
  };
  return {
    // A clock or a live value changes for ever: after a while its changes no longer count (the fixture "endless ticker").
    // Figures that count up to their value do it within two seconds and a half and then rest: they get that long (the
    // fixture "count-up figures"), unless the text is a time of day. A node that rested for a second begins anew, unless it
    // keeps a slower beat: a clock of seconds on a busy machine.
    isBeat: (record) => {
      const node = record.target;
      const at = now();
      if (isAnswer(node, at)) return false;
      let entry = changes.get(node);
      // What began with a scroll there, and follows the one back, is no beat: it comes to rest after it.
      if (entry?.during && entry.during !== answers) entry = undefined;
      const gap = entry ? at - entry.last : 0;
      const keepsBeat = entry !== undefined && gap < Math.min(LIMIT.rhythmMs, entry.gap * LIMIT.rhythmShare);
      if (!entry || (gap > LIMIT.restMs && !keepsBeat)) {
        entry = { count: 0, first: at, last: at, gap, during: at > answers.until ? null : answers };
        changes.set(node, entry);
      }
      entry.count++;
      entry.last = at;
      entry.gap = gap;
      const tickerMs = answers.counts.has(node) && entry.first > answers.from ? LIMIT.answerMs : LIMIT.tickerMs;
      if (entry.count < LIMIT.changes || at - entry.first < tickerMs) return false;
      return !(record.type !== 'attributes' && at - entry.first < LIMIT.countUpMs && isFigure(node));
    },
    expectAnswers: (ms) => {
      answers = { counts: new WeakMap(), from: now(), until: now() + ms };
    },
  };
}
