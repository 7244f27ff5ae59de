/**
 * How old a Chromium is, without asking anybody: from its milestone and the calendar of releases that Chrome has announced.
 * An estimate. It knows nothing of patches within a milestone, and its reference ages when the calendar is changed again.
 */
const DAY_MS = 24 * 3600_000;
/** Chrome 152 is the last of those that came every four weeks; from 153 on they come every two. */
const REFERENCE = { milestone: 152, releasedAt: Date.UTC(2026, 7, 25), daysAfter: 14, daysBefore: 28 };

/** A branch is patched for eight weeks at the longest (Extended Stable, which Debian follows); four more to update. */
export const BROWSER_AGE_DAYS_MAX = 84;

/** The days since the milestone of a version (`156.0.8078.114`) is thought to have come out; null for what is no version. */
export function estimateBrowserAge(version: string, now: Date): number | null {
  const milestone = Number(/^(\d{2,4})\.\d+\.\d+\.\d+$/.exec(version)?.[1] ?? Number.NaN);
  if (Number.isNaN(milestone)) return null;
  const { releasedAt, daysAfter, daysBefore, ...reference } = REFERENCE;
  const distance = milestone - reference.milestone;
  const estimated = releasedAt + distance * (distance > 0 ? daysAfter : daysBefore) * DAY_MS;
  return Math.max(0, Math.floor((now.getTime() - estimated) / DAY_MS));
}

/** Reads the setting: days from 1 to 3650, `off` as null, the default where it is not given; undefined for anything else. */
export function parseBrowserAgeMax(text: string | undefined): number | null | undefined {
  if (text === undefined || text === '') return BROWSER_AGE_DAYS_MAX;
  if (text === 'off') return null;
  return /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 3650 ? Number(text) : undefined;
}

/** What an operator is told of a browser that is too old; null where there is nothing to say, or nothing is to be said. */
export function describeBrowserAge(version: string, now: Date, daysMax: number | null): string | null {
  const days = estimateBrowserAge(version, now);
  if (days === null || daysMax === null || days <= daysMax) return null;
  return `Chromium ${version} is of a milestone that came out about ${days} days ago (an estimate); more than ${daysMax} is too old`;
}
