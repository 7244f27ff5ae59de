/** What this process has counted since its start, by the name at `/metrics`: each is a sign, and what of is told there. */
export const COUNTERS = {
  lost_attempts: 'Attempts that were taken back because their runner did not report in time.',
  deadlines_ended: 'Captures that were ended, or told to end, because their deadline was over.',
  jobs_announced_again: 'Jobs that were announced again because nobody came for them: the broker lost the message.',
  orphan_blobs_swept: 'Blobs that no capture named as its result and that were deleted.',
  assets_expired: 'Results that were deleted at the end of their retention.',
  reports_fenced: 'Reports of runners that were refused because the lease of the attempt was lost.',
  attempts_released: 'Attempts that a draining runner gave back unused.',
  background_failures: 'Turns of background loops that failed; each is in the log.',
} as const;
export type CounterName = keyof typeof COUNTERS;
/** Counts: `count` more of `name`. */
export type Count = (name: CounterName, count: number) => void;
