import { expect, test } from 'vitest';
import { CHROMIUM_IDLE, CHROMIUM_LOAD, PRODUCT, READY, SHELL_IDLE } from '../drivers/start-drivers.ts';
import type { LatencyResult } from '../phases/latency.ts';
import { isMet, judgeRun, latencyRatio, mergeGoals } from './goals.ts';
import { goalTable } from './tables.ts';

type Sample = LatencyResult['samples'][number];
const sample = (driver: string, page: string, ms: number, more: Partial<Sample> = {}): Sample => ({
  driver,
  page,
  ms,
  settleMs: ms / 2,
  bytes: 1,
  gap: null,
  cpu: { browser: ms / 1000 },
  ...more,
});
const run = (samples: Sample[]) => ({ latency: { samples, missing: [] }, throughput: [], memory: [], boot: [] });
const goal = (samples: Sample[], part: string) => judgeRun(run(samples)).find(({ what }) => what.includes(part));

test('a page counts the same whether it is fast or slow', () => {
  const samples = [sample(PRODUCT, 'a', 100), sample(READY, 'a', 200), sample(PRODUCT, 'b', 2000), sample(READY, 'b', 1000)];
  expect(latencyRatio(samples, READY)).toBeCloseTo(1);
});

test('the page on which networkidle runs to its cap makes no ratio better', () => {
  const samples = [
    sample(PRODUCT, 'a', 100),
    sample(CHROMIUM_IDLE, 'a', 100),
    sample(PRODUCT, 'live', 1),
    sample(CHROMIUM_IDLE, 'live', 8000),
  ];
  expect(latencyRatio(samples, CHROMIUM_IDLE)).toBeCloseTo(1);
});

test('one incomplete capture misses the goal of completeness', () => {
  const complete = goal([sample(PRODUCT, 'a', 1)], 'complete captures');
  const gap = goal([sample(PRODUCT, 'a', 1), sample(PRODUCT, 'a', 1, { gap: 'white' })], 'complete captures');
  expect([complete && isMet(complete), gap && isMet(gap)]).toEqual([true, false]);
});

test('what was not measured is neither met nor missed', () => {
  const memory = goal([], 'peak memory');
  expect(memory && isMet(memory)).toBeNull();
});

test('the egress proxy is judged by the rounds, each against its own neighbor', () => {
  const egress = { directMs: [100, 1000, 100], proxiedMs: [120, 1300, 110] };
  const found = judgeRun({ ...run([]), egress }).find(({ what }) => what.includes('egress proxy'));
  expect(found?.value).toBeCloseTo(1.2);
  expect([found && isMet(found), isMet({ ...found, value: 1.31, bound: { most: 1.3 }, what: '', unit: '' })]).toEqual([true, false]);
});

test('a goal that was missed by a hair does not look met', () => {
  const table = goalTable([0.5002, 0.4998, 0.51].map((value) => ({ what: 'x', value, bound: { most: 0.5 }, unit: '×' })));
  expect(table.match(/0\.\d+ \| \**(?:not )?met/g)).toEqual(['0.5002 | **not met', '0.50 | met', '0.51 | **not met']);
});

test('several runs are judged by the median of each goal', () => {
  const runs = [0.9, 1.4, 0.8].map((value) => [{ what: 'x', value, bound: { most: 1 }, unit: '×' }]);
  expect(mergeGoals(runs)[0]?.value).toBe(0.9);
});

test('settling is compared where networkidle finishes the page, and not where it gives up early', () => {
  const samples = [
    sample(PRODUCT, 'a', 100),
    sample(SHELL_IDLE, 'a', 200),
    sample(PRODUCT, 'long', 900),
    sample(SHELL_IDLE, 'long', 100, { gap: 'white' }),
  ];
  expect(goal(samples, 'settle')?.value).toBeCloseTo(0.5);
});

test('CPU is judged by the browser, and shown for everything', () => {
  const samples = [
    sample(PRODUCT, 'a', 1, { cpu: { browser: 0.3, driver: 0.1, runner: 0.2, database: 0.1 } }),
    sample(CHROMIUM_LOAD, 'a', 1, { cpu: { browser: 1, driver: 0.4 } }),
  ];
  const [browser, all] = [goal(samples, 'browser CPU per capture / plain Playwright, full'), goal(samples, 'CPU of all parts')];
  expect([browser?.value, all?.value]).toEqual([expect.closeTo(0.3), expect.closeTo(0.5)]);
  expect([browser && isMet(browser), all && isMet(all)]).toEqual([true, null]);
  expect(goalTable(all ? [all] : [])).toMatch(/\| – \| 0\.50 \| shown \|$/);
});
