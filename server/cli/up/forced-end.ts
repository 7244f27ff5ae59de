import { setTimeout as wait } from 'node:timers/promises';
import { countChildren, killAllChildren } from '#server/embedded/child-process.ts';
import { EXIT } from '#server/embedded/operator-error.ts';

export type ForcedEnd = {
  /** Kills the children and ends the graceful stop. Safe to call twice. */
  force(): void;
  /** Waits until everything has closed, at most 2 s once the end was forced. Answers `code`, or 130 where it was forced. */
  settle(closed: Promise<void>, code: number): Promise<number>;
};

/** How long the children get to vanish after a second signal: PostgreSQL's immediate shutdown takes a moment. */
const KILL_MS_MAX = 2_000;
const POLL_MS = 20;

/**
 * Makes the way out of a graceful stop that takes too long. Children that were killed make the graceful stop end too,
 * often first: without the outcome settled beforehand an interrupted stop would pass for a clean one.
 */
export function createForcedEnd(children = { kill: killAllChildren, count: countChildren }): ForcedEnd {
  const gone = Promise.withResolvers<void>();
  let isForced = false;
  const vanish = async () => {
    const limit = Date.now() + KILL_MS_MAX;
    while (children.count() > 0 && Date.now() < limit) await wait(POLL_MS);
    gone.resolve();
  };
  return {
    force: () => {
      if (isForced) return;
      isForced = true;
      children.kill();
      void vanish();
    },
    settle: async (closed, code) => {
      await Promise.race([closed, gone.promise]);
      if (!isForced) return code;
      await gone.promise;
      return EXIT.interrupted;
    },
  };
}
