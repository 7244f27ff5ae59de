import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '#shared/limits.ts';
import { chainAudit } from './domain/access/chain-audit.ts';
import { purgeInvites } from './domain/access/invites.ts';
import { purgeSessions } from './domain/access/sessions.ts';
import { purgeRates } from './domain/access/take-rate.ts';
import { expireCaptures, sweepOrphans } from './domain/captures/expire-captures.ts';
import type { Count, CounterName } from './domain/counters.ts';
import type { Deps } from './domain/deps.ts';
import { dispatchJobs } from './domain/jobs/dispatch-jobs.ts';
import { endRevoked } from './domain/jobs/end-under-key.ts';
import { expireDeadlines, reannounceJobs, recoverLostJobs } from './domain/jobs/recover-jobs.ts';
import { SWEEP_MAX } from './domain/jobs/sweep-jobs.ts';
import type { ServerEvent } from './domain/ports.ts';
import { createCourier } from './domain/webhooks/deliver-webhooks.ts';
import { purgeWebhooks } from './domain/webhooks/purge-webhooks.ts';

/** One thing done again and again. `again`: what it answered says that there is more to do at once. */
type Loop = {
  name: string;
  everyMs: number;
  firstAfterMs?: number;
  turn(): Promise<unknown>;
  /** Says when to take a turn early; answers how to hear no more of it. */
  wakes?(ring: () => void): () => void;
  again?(result: unknown): boolean;
  /** What its answer, a number, is counted as. */
  counts?: CounterName;
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
export function startBackground(deps: Deps, count: Count): Background {
  const stopping = new AbortController();
  const courier = createCourier(deps);
  const on = (kind: ServerEvent['kind']) => (ring: () => void) =>
    deps.events.on((event) => {
      if (event.kind === kind) ring();
    });
  const loops: Loop[] = [
    {
      name: 'dispatch',
      everyMs: LIMITS.outboxPollMs,
      // Where nobody hears of it, a job is not worth a lock at the moment in which runners want to claim it.
      ...(deps.queue.isHeard ? { wakes: on('job') } : {}),
      turn: () => dispatchJobs(deps),
      again: (count) => count === LIMITS.outboxBatch,
    },
    // After an outage of the servers every lease has run out: runners that are well get the time to say so first.
    {
      name: 'recover',
      everyMs: LIMITS.recoverMs,
      firstAfterMs: LIMITS.recoverFirstMs,
      turn: () => recoverLostJobs(deps),
      counts: 'lost_attempts',
    },
    { name: 'deadlines', everyMs: LIMITS.recoverMs, turn: () => expireDeadlines(deps), counts: 'deadlines_ended' },
    { name: 'reannounce', everyMs: LIMITS.reconcileMs, turn: () => reannounceJobs(deps), counts: 'jobs_announced_again' },
    { name: 'revoked', everyMs: LIMITS.reconcileMs, turn: () => endRevoked(deps), again: (count) => count === SWEEP_MAX },
    { name: 'audit', everyMs: LIMITS.auditChainMs, turn: () => chainAudit(deps), again: (count) => count === LIMITS.auditBatch },
    { name: 'expire', everyMs: LIMITS.expireMs, turn: () => expireCaptures(deps), counts: 'assets_expired' },
    { name: 'sessions', everyMs: LIMITS.orphanSweepMs, turn: () => purgeSessions(deps) },
    { name: 'invites', everyMs: LIMITS.orphanSweepMs, turn: () => purgeInvites(deps) },
    { name: 'rates', everyMs: LIMITS.expireMs, turn: () => purgeRates(deps) },
    {
      name: 'webhooks',
      everyMs: LIMITS.webhookPollMs,
      wakes: (ring) => {
        courier.onLanded(ring); // there is room for another
        return on('webhook')(ring);
      },
      turn: () => courier.turn(),
    },
    {
      name: 'webhook events',
      everyMs: LIMITS.expireMs,
      turn: () => purgeWebhooks(deps),
      again: (count) => count === LIMITS.webhookPurgeMax,
    },
    { name: 'orphans', everyMs: LIMITS.orphanSweepMs, turn: () => sweepOrphans(deps), counts: 'orphan_blobs_swept' },
  ];
  const running = loops.map((loop) => run({ deps, count }, loop, stopping.signal));
  return {
    async stop() {
      stopping.abort();
      const late = new AbortController();
      const over = Promise.all(running).then(() => courier.landed());
      await Promise.race([over, delay(LIMITS.serverDrainMsMax, undefined, { signal: late.signal })]);
      late.abort();
    },
  };
}

type Standing = { deps: Deps; count: Count };

async function run(on: Standing, loop: Loop, signal: AbortSignal): Promise<void> {
  const bell = doorbell(loop);
  try {
    if (loop.firstAfterMs) await bell.wait(loop.firstAfterMs, signal);
    while (!signal.aborted) {
      await turn(on, loop, signal);
      await bell.wait(loop.everyMs, signal);
    }
  } finally {
    bell.close();
  }
}

async function turn({ deps, count }: Standing, loop: Loop, signal: AbortSignal): Promise<void> {
  try {
    for (let i = 0; i < TURNS_IN_A_ROW_MAX && !signal.aborted; i++) {
      const result = await loop.turn();
      if (loop.counts && typeof result === 'number') count(loop.counts, result);
      if (!loop.again?.(result)) return;
    }
  } catch (error) {
    count('background_failures', 1);
    deps.log.error('A turn of a background loop failed; it is tried again at its next time', { step: loop.name, error });
  }
}

/** Wakes a loop early when there is something for it, also when that happened during a turn. */
function doorbell(loop: Loop) {
  let rang = false;
  let wake: () => void = () => undefined;
  const ring = () => {
    rang = true;
    wake();
  };
  const close = loop.wakes?.(ring) ?? (() => undefined);
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
