import type { Usage } from '#shared/usage.ts';

/** What is drawn of a day, from the bottom up. What is still open is one. */
export const LAYERS = ['succeeded', 'failed', 'canceled', 'open'] as const;
export type Layer = (typeof LAYERS)[number];
export const LAYER_WORDS: Record<Layer, string> = { succeeded: 'Succeeded', failed: 'Failed', canceled: 'Canceled', open: 'Open' };
export type StackedDay = { day: string; all: number; layers: Record<Layer, number> };

/** The days with what is drawn of each. */
export function stackDays(days: Usage['days']): StackedDay[] {
  return days.map(({ day, counts }) => {
    const { queued, running, ...ended } = counts;
    const layers = { ...ended, open: queued + running };
    return { day, all: LAYERS.reduce((sum, layer) => sum + layers[layer], 0), layers };
  });
}

/** The end of the axis: the highest day, rounded up to a number that people count by and whose half is whole; 4 where nothing was asked for. */
export function axisEnd(days: readonly StackedDay[]): number {
  const highest = Math.max(4, ...days.map(({ all }) => all));
  const step = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 4, 6, 8, 10].map((times) => times * step).find((end) => end >= highest) ?? highest;
}

/** Captures of all days together, and the share of those that ended which succeeded; null where none has. */
export function sumUp(days: readonly StackedDay[]): { all: number; successShare: number | null } {
  const sum = (layer: Layer) => days.reduce((total, { layers }) => total + layers[layer], 0);
  const ended = sum('succeeded') + sum('failed');
  return { all: days.reduce((total, { all }) => total + all, 0), successShare: ended === 0 ? null : sum('succeeded') / ended };
}
