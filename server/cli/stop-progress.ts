import { z } from 'zod';

/** What an instance says that it has to do; null where it cannot tell, and from one of an earlier version. */
export const workSchema = z.object({ running: z.int(), waiting: z.int() }).nullable().default(null);
export type Work = z.infer<typeof workSchema>;

/** How long nothing may have been said while captures run. */
const SILENCE_MS_MAX = 5_000;

type Telling = { say: (text: string) => void; drainMs: number; now?: () => number };
export type StopProgress = {
  /** Takes what the instance says that it has to do. Null: it cannot tell just now. */
  update(work: Work): void;
  /** The instance answers no more: its runner has ended, and what is left is to close. */
  close(): void;
};

/** Tells a person what a stop waits for: at its beginning, whenever that changes, and every five seconds. */
export function createStopProgress({ say, drainMs, now = Date.now }: Telling): StopProgress {
  const startedAt = now();
  let toldAt = startedAt;
  let told: number | null | undefined;
  let isClosing = false;

  const speak = (text: string) => {
    toldAt = now();
    say(text);
  };
  const begin = (work: Work) => {
    const limit = `up to ${drainMs / 1000} s`;
    if (work === null) speak(`Captures that run end first: waiting ${limit} …`);
    if (work && work.running > 0) speak(`${captures(work.running, 'is', 'are')} running: waiting ${limit} …`);
    if (work && work.waiting > 0) speak(`${captures(work.waiting, 'waits', 'wait')} for a slot: made after the next start.`);
  };
  const goOn = (running: number) => {
    if (running === told && now() - toldAt < SILENCE_MS_MAX) return;
    const left = Math.max(0, Math.ceil((drainMs - (now() - startedAt)) / 1000));
    speak(`${captures(running, 'is', 'are')} still running, ${left} s left …`);
  };
  const close = () => {
    if (!isClosing) speak('No capture runs any more: closing database and storage …');
    isClosing = true;
  };
  return {
    close,
    update(work) {
      if (told === undefined) begin(work);
      else if (work && work.running > 0 && !isClosing) goOn(work.running);
      if (work?.running === 0) close();
      told = work?.running ?? told ?? null;
    },
  };
}

function captures(count: number, one: string, many: string): string {
  return count === 1 ? `1 capture ${one}` : `${count} captures ${many}`;
}
