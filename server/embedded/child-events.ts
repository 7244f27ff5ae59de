import { z } from 'zod';
import { type Child, describeExit } from './child-process.ts';
import { EXIT, type ExitCode, OperatorError } from './operator-error.ts';

const eventSchema = z.looseObject({ event: z.string() });
const errorSchema = z.object({
  event: z.literal('error'),
  code: z.string(),
  message: z.string(),
  remedy: z.string().default('Run `sessionshot doctor`.'),
});
export type ChildEvent = z.infer<typeof eventSchema>;

/** Reads one line that a child printed; null for anything that is not an event. */
export function parseEvent(line: string): ChildEvent | null {
  if (!line.startsWith('{')) return null;
  try {
    return eventSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null; // a line that only looks like JSON is no event
  }
}

/** Collects the events of a child: give `onLine` to `startChild`, then await what must come first. */
export function createEventReader() {
  let settle: (event: ChildEvent) => void = () => undefined;
  const first = new Promise<ChildEvent>((resolve) => {
    settle = resolve;
  });
  const onLine = (line: string) => {
    const event = parseEvent(line);
    if (event?.event === 'ready' || event?.event === 'error') settle(event);
  };
  /** Resolves with the `ready` event; throws the child's own error, or how it ended, or that `ms` went by. */
  const ready = async (name: string, child: Child, ms: number): Promise<ChildEvent> => {
    const timeout = new AbortController();
    const late = new Promise<null>((resolve) => {
      const timer = setTimeout(() => resolve(null), ms);
      timeout.signal.addEventListener('abort', () => clearTimeout(timer));
    });
    // The last line of a child that ends at once may arrive after its exit: it is given a moment.
    const gone = child.exited.then(
      async (exit) => await Promise.race([first, new Promise<typeof exit>((resolve) => setTimeout(() => resolve(exit), 200))]),
    );
    const outcome = await Promise.race([first, gone, late]).finally(() => timeout.abort());
    if (outcome && 'event' in outcome && outcome.event === 'ready') return outcome;
    throw toError(name, child, outcome, ms);
  };
  return { onLine, ready };
}

function toError(name: string, child: Child, outcome: ChildEvent | Awaited<Child['exited']> | null, ms: number): OperatorError {
  const told = errorSchema.safeParse(outcome);
  if (told.success) return new OperatorError(exitCodeOf(child), told.data.code, told.data.message, told.data.remedy);
  const how =
    outcome && 'code' in outcome && 'signal' in outcome
      ? describeExit({ code: Number(outcome.code), signal: null })
      : `was not ready within ${ms / 1000} s`;
  const last = child.tail().split('\n').at(-1) ?? '';
  return new OperatorError(
    EXIT.unavailable,
    'child_not_ready',
    `${name} ${how}. ${last}`.trim(),
    'Run `sessionshot doctor`; the logs are in the folder `logs` of the data folder.',
  );
}

function exitCodeOf(child: Child): ExitCode {
  const code = child.exit()?.code;
  return Object.values(EXIT).find((known) => known === code && known !== EXIT.ok) ?? EXIT.unavailable;
}
