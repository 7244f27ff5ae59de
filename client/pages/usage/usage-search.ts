import { USAGE_DAYS, type UsageDays } from '#shared/usage-days.ts';

/** How far back: it lives in the address, so that a view can be shared. */
export type UsageSearch = { days?: UsageDays };
export const USAGE_DAYS_DEFAULT: UsageDays = 30;

/** Reads it from an address. Anything else, the default too, is dropped; by name, or the router would keep it as it came. */
export function readUsageSearch(raw: Record<string, unknown>): UsageSearch {
  const days = USAGE_DAYS.find((known) => String(known) === String(raw.days));
  return { days: days === USAGE_DAYS_DEFAULT ? undefined : days };
}
