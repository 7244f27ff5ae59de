import type { JobQueue } from '#server/domain/ports.ts';

/**
 * The queue of an instance without a broker: runners long-poll, and the event of a job's commit wakes them, so there is
 * nobody else to tell. Never fails.
 */
export function createMemoryJobQueue(): JobQueue {
  return {
    isHeard: false,
    announce: async () => undefined,
    health: async () => 'ok',
    close: async () => undefined,
  };
}
