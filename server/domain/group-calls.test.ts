import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { groupCalls } from './group-calls.ts';

const usual = { sizeMax: 3 };

it('sends the first at once and alone, and what comes meanwhile together, lane by lane', async () => {
  const groups: string[] = [];
  const call = groupCalls<number, number>(async (items, lane) => {
    groups.push(`${lane} ${items.join(' ')}`);
    await wait(5);
    return items.map((item) => item * 10);
  }, usual);
  const answers = await Promise.all([call('a', 1), call('a', 2), call('b', 7), call('a', 3), call('a', 4), call('a', 5)]);
  expect(answers).toEqual([10, 20, 70, 30, 40, 50]);
  expect(groups).toEqual(['a 1', 'b 7', 'a 2 3 4', 'a 5']);
});

it('refuses what comes when as many wait as may, and goes on afterwards', async () => {
  const call = groupCalls<number, number>(async (items) => await wait(5, items), {
    ...usual,
    bound: { waitingMax: 2, refuse: () => new Error('full') },
  });
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map((item) => call('a', item)));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
  expect(await call('a', 5)).toBe(5);
});

it('tries each alone where nothing was done of a group, and else tells all of them', async () => {
  const tried: string[] = [];
  const make = (isUndone: boolean) =>
    groupCalls<string, string>(
      async (items) => {
        tried.push(items.join());
        await wait(1);
        if (items.includes('bad')) throw new Error('one is bad');
        return items;
      },
      { ...usual, isUndone: () => isUndone },
    );
  const outcome = async (call: ReturnType<typeof make>) =>
    (await Promise.allSettled(['first', 'good', 'bad', 'other'].map((item) => call('a', item)))).map(({ status }) => status);
  expect(await outcome(make(true))).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(tried).toEqual(['first', 'good,bad,other', 'good', 'bad', 'other']);
  expect(await outcome(make(false))).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
});
