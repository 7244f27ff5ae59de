import { LIMITS } from '#shared/limits.ts';

/**
 * Reads `wait` of a `Prefer` header (RFC 7240), in seconds, cut to the longest wait there is. Null when it is not there
 * or cannot be read: a preference that is not understood is passed over, by the standard.
 */
export function readWaitSeconds(header: string | string[] | undefined): number | null {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  for (const preference of text.split(/[,;]/)) {
    const match = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*$/i.exec(preference);
    if (match) return Math.min(Number(match[1]), LIMITS.preferWaitSecondsMax);
  }
  return null;
}
