import { setTimeout as wait } from 'node:timers/promises';
import { backoffMs } from '#shared/backoff.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import type { Claim } from '#shared/runner-protocol.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { Slots } from '../slots.ts';
import type { JobSource } from './job-source.ts';

export type PollOptions = {
  control: Pick<ControlPlane, 'claim'>;
  slots: Slots;
  log: Log;
  waitMs?: number;
  backoffMsMax?: number;
  pauseMs?: number;
};

/**
 * Takes jobs by long poll: one held claim at a time, and only with a slot in hand. A server that is away is asked again
 * with a growing, jittered pause. `pauseMs` waits after each empty answer, for the slow look beside RabbitMQ.
 */
export function createPollJobSource(options: PollOptions): JobSource {
  const { control, slots, log, waitMs = LIMITS.claimWaitMsMax, backoffMsMax = LIMITS.reconcileMs, pauseMs = 0 } = options;
  return {
    run: async (take, signal) => {
      const running = new Set<Promise<void>>();
      let failures = 0;
      while (!signal.aborted) {
        const release = await slots.take(signal);
        if (!release) break;
        let claim: Claim | null = null;
        let pause = 0;
        try {
          claim = await control.claim({ waitMs }, signal);
          if (failures > 0) log.info('the server is back', { count: failures });
          failures = 0;
          pause = claim ? 0 : pauseMs;
        } catch (error) {
          if (signal.aborted) {
            release();
            break;
          }
          failures += 1;
          pause = backoffMs(failures, 500, backoffMsMax);
          log.warn('no claim could be made', { count: failures, ms: pause, error });
        }
        if (claim) {
          const done = take(claim, release).finally(release);
          running.add(done);
          void done.finally(() => running.delete(done));
        } else release();
        // An abort ends the pause early and is looked at above.
        if (pause > 0) await wait(pause, undefined, { signal }).catch(() => undefined);
      }
      await Promise.all(running);
    },
  };
}
