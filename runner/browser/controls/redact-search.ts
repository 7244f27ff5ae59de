import { Worker } from 'node:worker_threads';
import { type RedactRule, textRuleOf } from '#shared/redact.ts';
import type { SearchReply, SearchTask } from './redact-search-worker.ts';

/** What all searches of one capture may take together: in what it shows, and in what is told of it. */
const BUDGET_MS = { proof: 1500, report: 500 };
/** Starting a thread takes 50 ms; a machine that is too busy for this has no time to search either. */
const START_MS_MAX = 5000;
/** What is copied to the thread at once, in UTF-16 units. */
const CHARS_MAX = 50_000_000;
const MEMORY_MIB_MAX = 512;

type Purpose = keyof typeof BUDGET_MS;

/** Looks for what the rules by text of one capture find, never on the thread that all captures of a runner share. */
export type TextSearch = {
  /** Starts the thread ahead of its first use. */
  warm(): void;
  /** The rules that find something in texts of a page as it was laid out. Throws SearchExpired. */
  rulesIn(texts: readonly string[]): Promise<number[]>;
  /** The texts, by index, in which a rule finds something, written plainly or percent-encoded. Throws SearchExpired. */
  textsWith(texts: readonly string[], purpose: Purpose): Promise<Set<number>>;
  close(): void;
};

/** Thrown where the time for searching is over: what is in the texts is not known. `rule` is the one that was looked for. */
export class SearchExpired extends Error {
  override readonly name = 'SearchExpired';
  readonly rule: number | null;
  constructor(rule: number | null) {
    super();
    this.rule = rule;
  }
}

type Found = { rules: number[]; texts: number[] };
type Thread = { worker: Worker; ready: Promise<unknown> };

export function createTextSearch(redact: readonly RedactRule[]): TextSearch {
  const rules = redact.map(textRuleOf);
  const isIdle = rules.every((rule) => rule === null);
  const left = { ...BUDGET_MS };
  let thread: Thread | null = null;
  let isBusy = false;

  const start = (): Thread => {
    const worker = new Worker(new URL('./redact-search-worker.ts', import.meta.url), {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB_MAX },
    });
    worker.unref();
    const ready = new Promise<unknown>((resolve) => worker.once('online', resolve).once('exit', resolve));
    worker.on('error', () => undefined); // Heard by the search under way; between two searches it has nothing to say.
    worker.once('exit', () => {
      if (thread?.worker === worker) thread = null;
    });
    return { worker, ready };
  };
  const close = () => {
    void thread?.worker.terminate();
    thread = null;
  };
  const search = async (task: Pick<SearchTask, 'texts' | 'of'>, purpose: Purpose): Promise<Found> => {
    if (isIdle || task.texts.length === 0) return { rules: [], texts: [] };
    if (isBusy) close(); // The capture ended in the middle of a search: nobody waits for what that one would say.
    if (left[purpose] <= 0 || task.texts.reduce((sum, text) => sum + text.length, 0) > CHARS_MAX) throw new SearchExpired(null);
    thread ??= start();
    const { worker, ready } = thread;
    let since = performance.now();
    isBusy = true;
    try {
      await endsWithin(ready, START_MS_MAX);
      since = performance.now();
      return await ask(worker, { ...task, rules }, left[purpose]);
    } catch (error) {
      left[purpose] = 0;
      if (thread?.worker === worker) close();
      throw error instanceof SearchExpired ? error : new SearchExpired(null);
    } finally {
      if (thread?.worker === worker || !thread) isBusy = false;
      left[purpose] -= performance.now() - since;
    }
  };
  return {
    warm: () => {
      if (!isIdle) thread ??= start();
    },
    rulesIn: async (texts) => (await search({ texts: texts.filter((text) => text.trim() !== ''), of: 'shown' }, 'proof')).rules,
    textsWith: async (texts, purpose) => new Set((await search({ texts, of: 'written' }, purpose)).texts),
    close,
  };
}

/** Gives a task to the thread. Throws SearchExpired after `ms`, or when the thread dies, as it does for want of memory. */
async function ask(worker: Worker, task: SearchTask, ms: number): Promise<Found> {
  const { promise, resolve, reject } = Promise.withResolvers<Found>();
  let at: number | null = null;
  const onMessage = (reply: SearchReply) => {
    if ('at' in reply) at = reply.at;
    else resolve(reply.found);
  };
  const onEnd = () => reject(new SearchExpired(at));
  const timer = setTimeout(onEnd, ms);
  worker.on('message', onMessage).once('error', onEnd).once('exit', onEnd);
  worker.postMessage(task);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.off('message', onMessage).off('error', onEnd).off('exit', onEnd);
  }
}

async function endsWithin(work: Promise<unknown>, ms: number): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new SearchExpired(null)), ms);
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
