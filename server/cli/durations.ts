import { InvalidArgumentError } from 'commander';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Reads a duration such as `90d`, `12h` or `30m`, in milliseconds. Throws what commander shows as a usage error. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,6})([smhdw])$/.exec(text.trim());
  const unit = Object.entries(UNITS).find(([name]) => name === match?.[2])?.[1];
  if (!match || !unit) throw new InvalidArgumentError('Give a number with a unit: 30m, 12h, 90d, 4w.');
  return Number(match[1]) * unit;
}
