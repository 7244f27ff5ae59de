import type { CaptureRow } from '#server/db/captures.entities.ts';
import type { Failure } from '#shared/failure.ts';
import type { Observed } from '#shared/runner-protocol.ts';

/**
 * Keeps what an attempt tells of its auth state. With `repeated`, the number of an attempt that is tried again: every
 * attempt begins with the state as it was sent, so where the site has replaced the session the next one begins with a
 * spent one, and that is remembered with the number.
 */
export function recordReceipt(capture: CaptureRow, { auth }: Observed, repeated?: number): void {
  if (!auth) return;
  const { replacedInAttempts: _reported, ...receipt } = auth;
  const isSpent = repeated !== undefined && auth.sessionReplaced === true;
  const spentIn = [...(capture.authReceipt?.replacedInAttempts ?? []), ...(isSpent ? [repeated] : [])];
  capture.authReceipt = { ...receipt, ...(spentIn.length > 0 ? { replacedInAttempts: spentIn } : {}) };
}

/** Adds to the failure of a repeated attempt that an earlier one has used the session up, where the site replaced it. */
export function withSpentSession(failed: Failure, { authReceipt }: CaptureRow): Failure {
  const earlier = authReceipt?.replacedInAttempts ?? [];
  if (earlier.length === 0) return failed;
  const [first] = earlier;
  const note = `The site replaced the session in attempt ${first} of this capture, and this attempt began with the state as it was sent: it may have been spent.`;
  return { ...failed, detail: `${failed.detail} ${note}` };
}
