import { Facts } from '#client/components/facts.tsx';
import { count, duration } from '#client/format.ts';
import type { Queue } from '#shared/usage.ts';

/** What of the workspace waits and runs; says so where nothing can begin. */
export function QueueFacts({ queue, online }: { queue: Queue; online: number | null }) {
  const { waiting, running, waitingMax, oldestWaitingSeconds } = queue;
  const isStuck = waiting > 0 && online === 0;
  return (
    <Facts
      facts={[
        { term: 'Waiting', value: `${count(waiting, 'capture')} of at most ${waitingMax.toLocaleString()}` },
        oldestWaitingSeconds !== null && { term: 'Longest wait', value: duration(oldestWaitingSeconds * 1000) },
        { term: 'Running', value: count(running, 'capture') },
        online !== null && { term: 'Runners online', value: online },
        isStuck && { term: 'Nothing begins', value: <span className="bad">No runner is online: captures wait until their deadline.</span> },
      ]}
    />
  );
}
