const DAY_MS = 86_400_000;
const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const hour = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const integer = new Intl.NumberFormat();
const oneDigit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

const NOW_MS = 5000;
const RELATIVE_DAYS_MAX = 30;

/** "2 min ago", "in 3 days"; beyond 30 days the date, since nobody counts 94 days. */
export function relativeTime(at: string, now: number): string {
  const distance = Date.parse(at) - now;
  if (Math.abs(distance) < NOW_MS) return 'just now';
  if (Math.abs(distance) > RELATIVE_DAYS_MAX * DAY_MS) return day.format(new Date(at));
  if (Math.abs(distance) >= DAY_MS) return relative.format(daysBetween(new Date(now), new Date(at)), 'day');
  for (const [unit, size] of units) if (Math.abs(distance) >= size) return relative.format(Math.trunc(distance / size), unit);
  return 'just now';
}

/** By the calendar, as people count days: what ends in seven of them ends on the same day of the week, at whatever hour. */
function daysBetween(from: Date, to: Date): number {
  const midnight = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(to) - midnight(from)) / DAY_MS);
}

/** Date, time and zone in full. */
export function absoluteTime(at: string): string {
  return absolute.format(new Date(at));
}

/** The time of day alone. */
export function timeOfDay(at: string): string {
  return hour.format(new Date(at));
}

/** The time of day alone, with seconds. */
export function clockTime(at: string): string {
  return clock.format(new Date(at));
}

/** "84 ms", "1.4 s", "2 min 05 s", "3 h 20 min" for a length of time in milliseconds. */
export function duration(ms: number): string {
  if (ms < 1000) return `${integer.format(Math.round(ms))} ms`;
  if (ms < 59_950) return `${oneDigit.format(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')} min`;
}

/** "4:07" for a countdown in milliseconds; never below 0:00. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** "512 bytes", "50.1 kB", "2.4 MB": decimal units, as browsers' download lists show them. */
export function byteSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${oneDigit.format(bytes / 1000)} kB` : `${oneDigit.format(bytes / 1_000_000)} MB`;
}

/** "1 cookie", "2 cookies". */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${integer.format(amount)} ${amount === 1 ? one : many}`;
}

/** The host and the rest of a shown URL, to set them apart. Not a URL: all of it as the host. */
export function splitUrl(url: string): { host: string; path: string } {
  if (!URL.canParse(url)) return { host: url, path: '' };
  const { host, pathname, search } = new URL(url);
  return { host, path: pathname === '/' && !search ? '' : pathname + decodeEllipsis(search) };
}

// The server writes a hidden query as `?…`; the URL parser percent-encodes the ellipsis.
function decodeEllipsis(search: string): string {
  return search === '?%E2%80%A6' ? '?…' : search;
}
