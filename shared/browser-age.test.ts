import { expect, test } from 'vitest';
import { BROWSER_AGE_DAYS_MAX, describeBrowserAge, estimateBrowserAge, parseBrowserAgeMax } from './browser-age.ts';

const at = (day: string) => new Date(`${day}T12:00:00Z`);

/** When Debian's packages of a milestone were made, which is some days after its release: from their changelog. */
test.each([
  ['146.0.7680.80', '2026-03-14'],
  ['147.0.7727.55', '2026-04-09'],
  ['148.0.7778.96', '2026-05-06'],
  ['149.0.7827.53', '2026-06-06'],
  ['150.0.7871.46', '2026-07-04'],
  ['151.0.7922.71', '2026-07-30'],
  ['152.0.7977.75', '2026-09-02'],
  ['153.0.8010.47', '2026-09-16'],
  ['154.0.8037.57', '2026-09-24'],
  ['155.0.8059.39', '2026-10-11'],
  ['156.0.8078.47', '2026-10-21'],
])('%s, packaged on %s, is thought to have been new then', (version, day) => {
  expect(estimateBrowserAge(version, at(day))).toBeLessThanOrEqual(21);
});

test('a branch that is still patched counts as new enough, one that has ended does not', () => {
  expect(estimateBrowserAge('156.0.8078.114', at('2026-11-26'))).toBeLessThan(BROWSER_AGE_DAYS_MAX);
  expect(estimateBrowserAge('151.0.7922.173', at('2026-11-26'))).toBeGreaterThan(BROWSER_AGE_DAYS_MAX);
  expect(estimateBrowserAge('156.0.8078.114', at('2027-02-01'))).toBeGreaterThan(BROWSER_AGE_DAYS_MAX);
});

test('a browser of after the reference is not of the future, and what is no version has no age', () => {
  expect(estimateBrowserAge('170.0.1.1', at('2026-09-09'))).toBe(0);
  for (const none of ['', '156', 'HeadlessChrome/156.0.1.1', '1.0.0.0']) expect(estimateBrowserAge(none, at('2026-11-26'))).toBeNull();
});

test('the setting is a number of days or `off`', () => {
  expect([undefined, '', '30', 'off'].map(parseBrowserAgeMax)).toEqual([BROWSER_AGE_DAYS_MAX, BROWSER_AGE_DAYS_MAX, 30, null]);
  expect(['0', '-1', '3651', '1.5', 'never', '30 days'].map(parseBrowserAgeMax)).toEqual(Array(6).fill(undefined));
});

test('what is too old is told as an estimate, with its limit; what is new enough or not asked for is not', () => {
  const now = at('2026-11-30');
  expect(describeBrowserAge('150.0.7871.46', now, 84)).toMatch(
    /^Chromium 150\.0\.7871\.46 .* about 153 days ago \(an estimate\); more than 84/,
  );
  expect([
    describeBrowserAge('156.0.8078.114', now, 84),
    describeBrowserAge('150.0.7871.46', now, null),
    describeBrowserAge('?', now, 1),
  ]).toEqual([null, null, null]);
});
