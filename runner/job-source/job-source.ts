import type { Claim } from '#shared/runner-protocol.ts';

/** Runs one claimed job to its report. Calls `claimNext` when another may be claimed already. Never rejects. */
export type TakeJob = (claim: Claim, claimNext: () => void) => Promise<void>;

/**
 * Where claimed jobs come from: by long poll, or by doorbells of RabbitMQ. A claim is the same call in both, and none is
 * made without a free slot.
 */
export type JobSource = {
  /** Takes jobs until the signal aborts; resolves when the last one taken is done. Never rejects. */
  run(take: TakeJob, signal: AbortSignal): Promise<void>;
};
