import { expect, test } from 'vitest';
import { byteSize, count, countdown, duration, relativeTime, splitUrl } from './format.ts';

const now = Date.UTC(2026, 5, 1);
const at = (ms: number) => new Date(now + ms).toISOString();

test('times near the present are relative in both directions, far ones are dates', () => {
  expect(relativeTime(at(-2000), now)).toBe('just now');
  expect(relativeTime(at(-120_000), now)).toContain('2');
  expect(relativeTime(at(3 * 86_400_000), now)).toContain('3');
  expect(relativeTime(at(-60 * 86_400_000), now)).toContain('2026');
});

test('days are those of the calendar: a week from now is seven of them, a minute later and in the morning after too', () => {
  const afternoon = new Date(2026, 10, 30, 16, 12).getTime();
  const ends = new Date(2026, 11, 7, 16, 12).toISOString();
  const words = (days: number) => new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' }).format(days, 'day');
  expect(relativeTime(ends, afternoon + 60_000)).toBe(words(7));
  expect(relativeTime(ends, new Date(2026, 11, 1, 9, 0).getTime())).toBe(words(6));
  // Two days off is never "tomorrow" or "yesterday", though less than 48 hours may lie between.
  expect(relativeTime(new Date(2026, 11, 2, 1, 0).toISOString(), afternoon)).toBe(words(2));
  expect(relativeTime(new Date(2026, 10, 28, 23, 0).toISOString(), afternoon)).toBe(words(-2));
  expect(relativeTime(new Date(2026, 11, 1, 16, 13).toISOString(), afternoon)).toBe(words(1));
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1440, '1.4 s'],
  [59_999, '1 min 00 s'],
  [125_000, '2 min 05 s'],
  [12_000_000, '3 h 20 min'],
])('%d ms reads as %s', (ms, words) => expect(duration(ms)).toBe(words));

test('a countdown never shows less than nothing, and a started second is a second', () => {
  expect([countdown(247_001), countdown(1), countdown(-5)]).toEqual(['4:08', '0:01', '0:00']);
});

test('sizes are decimal and counts agree with their noun', () => {
  expect([byteSize(512), byteSize(50_100), byteSize(2_400_000)]).toEqual(['512 bytes', '50.1 kB', '2.4 MB']);
  expect([count(1, 'entry', 'entries'), count(0, 'cookie')]).toEqual(['1 entry', '0 cookies']);
});

test('a shown address is split after its host, and the hidden query stays readable', () => {
  expect(splitUrl('https://app.example.com:8443/a/b?…')).toEqual({ host: 'app.example.com:8443', path: '/a/b?…' });
  expect(splitUrl('https://app.example.com/')).toEqual({ host: 'app.example.com', path: '' });
  expect(splitUrl('')).toEqual({ host: '', path: '' });
});
