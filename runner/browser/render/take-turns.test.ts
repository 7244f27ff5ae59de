import { expect, it } from 'vitest';
import { takeTurns } from './take-turns.ts';

it('one piece of work runs at a time, in order, and one that fails or is not waited for passes its turn on', async () => {
  const inTurn = takeTurns();
  const done: string[] = [];
  const first = Promise.withResolvers<void>();
  const work =
    (name: string, until: Promise<void> = Promise.resolve()) =>
    async () => {
      done.push(`${name} begins`);
      await until;
      done.push(`${name} ends`);
      return name;
    };
  const patient = (turn: Promise<void>) => turn;
  const a = inTurn(work('a', first.promise), patient);
  const gaveUp = inTurn(work('b'), () => Promise.reject(new Error('too late')));
  const failed = inTurn(async () => Promise.reject(new Error('no')), patient);
  const c = inTurn(work('c'), patient);
  await expect(gaveUp).rejects.toThrow('too late');
  expect(done).toEqual(['a begins']);
  first.resolve();
  await expect(failed).rejects.toThrow('no');
  expect(await Promise.all([a, c])).toEqual(['a', 'c']);
  expect(done).toEqual(['a begins', 'a ends', 'c begins', 'c ends']);
});
