import type { JobQueue } from '#server/domain/ports.ts';

/**
 * The queue of an instance without a broker: runners long-poll, and the dispatcher's own event wakes them at commit, so
 * there is nobody else to tell. Never fails.
 */
export function createMemoryJobQueue(): JobQueue {
  return {
    announce: async () => undefined,
    health: async () => 'ok',
    close: async () => undefined,
  };
}
