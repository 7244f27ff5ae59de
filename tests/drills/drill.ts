import type { Bed } from './start-bed.ts';

/** How much a drill does: `short` by `npm run drills`, `full` with `--full`. */
export type DrillSize = 'short' | 'full';
export type Drill = {
  id: string;
  title: string;
  /** What is done, and what must come of it. */
  what: string;
  /** What was taken away from the source once, and how the drill failed then. Absent: it was never seen to fail. */
  without?: string;
  /** Whether it is meant for `npm test` too, once it is proved quick and steady there. */
  isShort: boolean;
  /** Answers what was seen, in a sentence; rejects when the outcome is another than it must be. */
  run(bed: Bed, size: DrillSize): Promise<string>;
};
