import { expect, it } from 'vitest';
import type { Resolve } from '#shared/egress-policy.ts';
import { LIMITS } from '#shared/limits.ts';
import { limitLookUps, openGate } from './look-ups.ts';

/** A resolver that answers only when it is told to. */
function slowResolver() {
  const open = new Map<string, (addresses: string[]) => void>();
  const asked: string[] = [];
  const resolve: Resolve = (host) => {
    asked.push(host);
    const { promise, resolve: answer } = Promise.withResolvers<string[]>();
    open.set(host, answer);
    return promise;
  };
  return { resolve, asked, answer: (host: string) => open.get(host)?.(['93.184.215.14']) };
}

it('asks for a name once while it is being looked up, and anew after that', async () => {
  const { resolve, asked, answer } = slowResolver();
  const lookUp = limitLookUps(resolve, { all: openGate(9) });
  const both = [lookUp('a.test'), lookUp('a.test')];
  await expect.poll(() => asked).toEqual(['a.test']);
  answer('a.test');
  expect(await Promise.all(both)).toEqual([['93.184.215.14'], ['93.184.215.14']]);
  void lookUp('a.test').catch(() => undefined);
  await expect.poll(() => asked).toEqual(['a.test', 'a.test']);
});

it('leaves room for other captures when one asks for names that never answer', async () => {
  const hostile = slowResolver();
  const all = openGate(LIMITS.lookUpsMax);
  const lookUp = limitLookUps(hostile.resolve, { all });
  for (let index = 0; index < 50; index++) void lookUp(`${index}.never.test`);
  await expect.poll(() => hostile.asked).toHaveLength(LIMITS.captureLookUpsMax);
  const other = limitLookUps(async () => ['93.184.215.14'], { all });
  expect(await Promise.all(['a.test', 'b.test', 'c.test'].map(other))).toHaveLength(3);
  expect(hostile.asked).toHaveLength(LIMITS.captureLookUpsMax);
});

it('never runs more look-ups than are left beside other work', async () => {
  const { resolve, asked } = slowResolver();
  const all = openGate(LIMITS.lookUpsMax);
  for (let capture = 0; capture < 5; capture++) {
    const lookUp = limitLookUps(resolve, { all });
    for (let index = 0; index < 5; index++) void lookUp(`${capture}-${index}.test`);
  }
  await expect.poll(() => asked.length).toBeGreaterThanOrEqual(LIMITS.lookUpsMax);
  expect(asked).toHaveLength(LIMITS.lookUpsMax);
});

it('gives a place on after a failure, and does not ask what has waited for too long', async () => {
  const asked: string[] = [];
  const failing = limitLookUps(
    async (host) => {
      asked.push(host);
      throw new Error('ENOTFOUND');
    },
    { all: openGate(1) },
  );
  for (const host of ['a.test', 'b.test', 'c.test']) await expect(failing(host)).rejects.toThrow('ENOTFOUND');
  expect(asked).toEqual(['a.test', 'b.test', 'c.test']);
  const late = limitLookUps(async () => ['93.184.215.14'], { all: openGate(1), waitMs: -1 });
  await expect(late('d.test')).rejects.toThrow('nobody waits');
});
