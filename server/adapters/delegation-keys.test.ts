import { expect, test } from 'vitest';
import { createDelegationKeys } from './delegation-keys.ts';

const HOUR = 3_600_000;

test('one key is asked for and kept, shared by callers at the same moment, and renewed before its end', async () => {
  let now = Date.parse('2026-11-22T00:00:00Z');
  let asked = 0;
  const keys = createDelegationKeys(
    async (_startsOn, signedExpiresOn) => ({ number: ++asked, signedExpiresOn }),
    () => now,
  );
  const soon = () => new Date(now + HOUR);
  await Promise.all([keys.covering(soon()), keys.covering(soon()), keys.covering(soon())]);
  expect(asked).toBe(1);
  now += 3 * HOUR;
  expect(await keys.covering(soon())).toMatchObject({ number: 1 });
  now += 2 * HOUR;
  const renewed = await keys.covering(soon());
  expect(renewed).toMatchObject({ number: 2 });
  expect(renewed.signedExpiresOn.getTime()).toBeGreaterThan(soon().getTime());
});

test('a refusal is not kept: the next call asks again', async () => {
  let away = true;
  const keys = createDelegationKeys(async (_startsOn, signedExpiresOn) => {
    if (away) throw new Error('away');
    return { signedExpiresOn };
  });
  await expect(keys.covering(new Date())).rejects.toThrow('away');
  away = false;
  expect((await keys.covering(new Date())).signedExpiresOn.getTime()).toBeGreaterThan(Date.now());
});
