import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '#shared/limits.ts';
import { chainAudit } from './domain/access/chain-audit.ts';
import { purgeInvites } from './domain/access/invites.ts';
import { purgeSessions } from './domain/access/sessions.ts';
import { purgeRates } from './domain/access/take-rate.ts';
import { expireCaptures, sweepOrphans } from './domain/captures/expire-captures.ts';
import type { Deps } from './domain/deps.ts';
import { dispatchJobs } from './domain/jobs/dispatch-jobs.ts';
import { expireDeadlines, reannounceJobs, recoverLostJobs } from './domain/jobs/recover-jobs.ts';

/** One thing done again and again. `again`: what it answered says that there is more to do at once. */
type Loop = {
  name: string;
  everyMs: number;
  firstAfterMs?: number;
  turn(): Promise<unknown>;
  wakesOnJob?: boolean;
  again?(result: unknown): boolean;
};

export type Background = {
  /** Starts no further turn and waits for those that are running, at most `LIMITS.serverDrainMsMax`. */
  stop(): Promise<void>;
};

/** A loop that finds more to do at once goes on without a pause at most this many times. */
const TURNS_IN_A_ROW_MAX = 20;

/**
 * Runs what must happen without anybody asking: announcing jobs, taking back lost ones, deadlines, retention. Every
 * server runs all loops; each turn takes its rows with locks that others skip. A turn that fails is logged and the loop
 * goes on: the database may be back at the next one.
 */
export function startBackground(deps: Deps): Background {
  const stopping = new AbortController();
  const loops: Loop[] = [
    {
      name: 'dispatch',
      everyMs: LIMITS.outboxPollMs,
      // Where nobody hears of it, a job is not worth a lock at the moment in which runners want to claim it.
      wakesOnJob: deps.queue.isHeard,
      turn: () => dispatchJobs(deps),
      again: (count) => count === LIMITS.outboxBatch,
    },
    // After an outage of the servers every lease has run out: runners that are well get the time to say so first.
    { name: 'recover', everyMs: LIMITS.recoverMs, firstAfterMs: LIMITS.recoverFirstMs, turn: () => recoverLostJobs(deps) },
    { name: 'deadlines', everyMs: LIMITS.recoverMs, turn: () => expireDeadlines(deps) },
    { name: 'reannounce', everyMs: LIMITS.reconcileMs, turn: () => reannounceJobs(deps) },
    { name: 'audit', everyMs: LIMITS.auditChainMs, turn: () => chainAudit(deps), again: (count) => count === LIMITS.auditBatch },
    { name: 'expire', everyMs: LIMITS.expireMs, turn: () => expireCaptures(deps) },
    { name: 'sessions', everyMs: LIMITS.orphanSweepMs, turn: () => purgeSessions(deps) },
    { name: 'invites', everyMs: LIMITS.orphanSweepMs, turn: () => purgeInvites(deps) },
    { name: 'rates', everyMs: LIMITS.expireMs, turn: () => purgeRates(deps) },
    { name: 'orphans', everyMs: LIMITS.orphanSweepMs, turn: () => sweepOrphans(deps) },
  ];
  const running = loops.map((loop) => run(deps, loop, stopping.signal));
  return {
    async stop() {
      stopping.abort();
      const late = new AbortController();
      await Promise.race([Promise.all(running), delay(LIMITS.serverDrainMsMax, undefined, { signal: late.signal })]);
      late.abort();
    },
  };
}

async function run(deps: Deps, loop: Loop, signal: AbortSignal): Promise<void> {
  const bell = doorbell(deps, loop);
  try {
    if (loop.firstAfterMs) await bell.wait(loop.firstAfterMs, signal);
    while (!signal.aborted) {
      await turn(deps, loop, signal);
      await bell.wait(loop.everyMs, signal);
    }
  } finally {
    bell.close();
  }
}

async function turn(deps: Deps, loop: Loop, signal: AbortSignal): Promise<void> {
  try {
    for (let i = 0; i < TURNS_IN_A_ROW_MAX && !signal.aborted; i++) {
      const result = await loop.turn();
      if (!loop.again?.(result)) return;
    }
  } catch (error) {
    deps.log.error('A turn of a background loop failed; it is tried again at its next time', { step: loop.name, error });
  }
}

/** Wakes a loop early when a job was accepted, also when that happened during a turn. */
function doorbell(deps: Deps, loop: Loop) {
  let rang = false;
  let wake: () => void = () => undefined;
  const close = loop.wakesOnJob
    ? deps.events.on((event) => {
        if (event.kind !== 'job') return;
        rang = true;
        wake();
      })
    : () => undefined;
  return {
    close,
    async wait(ms: number, signal: AbortSignal): Promise<void> {
      if (!rang && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const finish = () => resolve();
        const timer = setTimeout(finish, ms);
        wake = finish;
        signal.addEventListener('abort', finish, { once: true });
        await promise;
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
      }
      rang = false;
    },
  };
}
