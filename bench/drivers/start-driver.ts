import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Case } from '../corpus.ts';
import type { Role } from '../measure/cpu-meter.ts';
import { descendants, type ProcessStat, readProcesses } from '../measure/process-tree.ts';
import { type Answer, answerSchema, type Setup } from './messages.ts';

export type Taken = { ms: number; settleMs: number | null; bytes: Uint8Array | null; error: string | null };
export type Driver = {
  name: string;
  /** The processes whose CPU time and memory belong to it; the browser's role is named `browser`. */
  roles: readonly Role[];
  capture(wanted: Pick<Case, 'page' | 'format'>): Promise<Taken>;
  close(): Promise<void>;
};
export type DriverOptions = { name: string; setup: Partial<Setup> & Pick<Setup, 'kind' | 'origin'>; home: string; roles?: readonly Role[] };

const START_MS_MAX = 60_000;
const CAPTURE_MS_MAX = 120_000;
const CLOSE_MS_MAX = 15_000;

/**
 * Starts a driver's process. `home` is its HOME and holds the certificate store that trusts the corpus, so that every
 * browser checks certificates as usual; its temporary files go below it too.
 */
export async function startDriver({ name, setup, home, roles }: DriverOptions): Promise<Driver> {
  const child = fork(join(import.meta.dirname, 'worker.ts'), [JSON.stringify(setup)], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', HOME: home, TMPDIR: join(home, 'tmp'), PUPPETEER_SKIP_DOWNLOAD: '1' },
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  const fail = (id: number, error: string) => waiting.get(id)?.({ id, ms: 0, settleMs: null, bytes: null, error });
  child.on('message', (message) => {
    const answer = answerSchema.parse(message);
    waiting.get(answer.id)?.(answer);
  });
  child.once('exit', (code) => {
    for (const id of waiting.keys()) fail(id, `the driver's process ended with ${code}`);
  });
  const ask = async (id: number, msMax: number, send: () => void): Promise<Answer> => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.set(id, resolve);
    const timer = setTimeout(() => fail(id, `no answer in ${msMax} ms`), msMax);
    if (child.connected) send();
    else fail(id, 'the driver was stopped');
    const answer = await promise;
    clearTimeout(timer);
    waiting.delete(id);
    return answer;
  };
  const started = await ask(0, START_MS_MAX, () => undefined);
  if (started.error !== null) {
    await end(child);
    throw new Error(`${name}: ${started.error}`);
  }
  let last = 0;
  const pid = child.pid ?? 0;
  return {
    name,
    roles: [{ name: 'driver', pid, part: 'self' }, ...(roles ?? [{ name: 'browser', pid, part: 'below' }])],
    capture: ({ page, format }) => {
      const id = ++last;
      // A channel that was closed by a stop throws when it is written to: the error is the answer.
      const send = () => child.send({ id, page, format }, (error) => error && fail(id, error.message));
      return ask(id, CAPTURE_MS_MAX, send);
    },
    close: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  const below = descendants(readProcesses(), child.pid ?? 0);
  if (child.exitCode === null && child.signalCode === null) {
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once('exit', () => resolve());
    const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS_MAX);
    if (child.connected) child.disconnect();
    await promise;
    clearTimeout(timer);
  }
  killLeft(below);
}

/** Ends the browsers of a driver that ended without them: known by pid and start, so that nobody else's is meant. */
function killLeft(below: readonly ProcessStat[]): void {
  const now = readProcesses();
  for (const { pid, startedAt } of below) if (now.get(pid)?.startedAt === startedAt) signal(pid);
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself meanwhile
  }
}
