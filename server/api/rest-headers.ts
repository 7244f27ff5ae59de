import { LIMITS } from '#shared/limits.ts';

/**
 * Reads `wait` of a `Prefer` header (RFC 7240), in seconds, cut to the longest wait there is. Null when it is not there
 * or is no whole number of seconds: a preference that is not understood is passed over, by the standard, and
 * `Preference-Applied` is not sent. Of several the first one counts, by the standard too.
 */
export function readWaitSeconds(header: string | string[] | undefined): number | null {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  for (const preference of text.split(',')) {
    // What follows a semicolon are parameters of the preference, whatever their names.
    const [name = '', ...value] = (preference.split(';')[0] ?? '').split('=');
    if (name.trim().toLowerCase() !== 'wait') continue;
    const digits = /^\s*(?:(\d{1,9})|"(\d{1,9})")\s*$/.exec(value.join('='));
    return digits ? Math.min(Number(digits[1] ?? digits[2]), LIMITS.preferWaitSecondsMax) : null;
  }
  return null;
}
