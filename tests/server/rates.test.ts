import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRateLimits } from '#server/api/rate-limits.ts';
import { purgeRates, type Rate, takeRate } from '#server/domain/access/take-rate.ts';
import { codeOf, createDomainBed, type DomainBed } from './domain-bed.ts';

// Rates on a real PostgreSQL. Steps of an hour: no test can last long enough for one to come back.
const HOUR_MS = 3_600_000;
let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed?.close());

let made = 0;
const fresh = (burst: number, everyMs = HOUR_MS): Rate => ({ name: `test ${++made}`, everyMs, burst });
const busyOf = async ({ name }: Rate) => (await bed.sql('select busy_until, xmin from rate_limit where name = $1', [name]))[0];
const moveBack = (name: string, ms: number) =>
  bed.sql(`update rate_limit set busy_until = busy_until - $2 * interval '1 millisecond' where name = $1`, [name, ms]);

test('as many as the burst are let through, however many come at once, and each is told what is left', async () => {
  const rate = fresh(10);
  const taken = await Promise.all(Array.from({ length: 60 }, () => takeRate(bed.deps, rate)));
  const through = taken.filter(({ ok }) => ok);
  expect(through.map(({ left }) => left).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const { left, waitMs } of taken.filter(({ ok }) => !ok)) {
    expect(left).toBe(0);
    expect(waitMs).toBeGreaterThan(HOUR_MS - 600_000);
    expect(waitMs).toBeLessThanOrEqual(HOUR_MS);
  }
});

test('a burst of one is one at a time', async () => {
  const rate = fresh(1);
  expect([(await takeRate(bed.deps, rate)).ok, (await takeRate(bed.deps, rate)).ok]).toEqual([true, false]);
});

test('after the time that was told one is there again, and not more than one', async () => {
  const rate = fresh(3);
  for (let i = 0; i < 3; i++) await takeRate(bed.deps, rate);
  const { waitMs } = await takeRate(bed.deps, rate);
  await moveBack(rate.name, waitMs);
  expect([(await takeRate(bed.deps, rate)).ok, (await takeRate(bed.deps, rate)).ok]).toEqual([true, false]);
  // A long pause brings back the burst and no more.
  await moveBack(rate.name, 100 * HOUR_MS);
  const later = await Promise.all(Array.from({ length: 5 }, () => takeRate(bed.deps, rate)));
  expect(later.filter(({ ok }) => ok)).toHaveLength(3);
});

test('who is refused writes nothing and makes nobody wait longer', async () => {
  const rate = fresh(2);
  for (let i = 0; i < 2; i++) await takeRate(bed.deps, rate);
  const before = await busyOf(rate);
  for (let i = 0; i < 20; i++) expect((await takeRate(bed.deps, rate)).ok).toBe(false);
  expect(await busyOf(rate)).toEqual(before);
});

test('what is full again is forgotten', async () => {
  const [full, busy] = [fresh(2), fresh(2)];
  for (const rate of [full, busy]) await takeRate(bed.deps, rate);
  await moveBack(full.name, 2 * HOUR_MS);
  await purgeRates(bed.deps);
  expect([await busyOf(full), (await busyOf(busy)) !== undefined]).toEqual([undefined, true]);
});

test('two servers share the rate of a key, and their answers say the same', async () => {
  const servers = [1, 2].map(() => createRateLimits(bed.deps, { perSecond: 1, burst: 4 }));
  const states = await Promise.all(Array.from({ length: 20 }, (_, index) => servers[index % 2]?.takeKeyRequest('key_shared')));
  const through = states.filter((state) => state?.refusal === null);
  expect(through.length).toBeGreaterThanOrEqual(5);
  expect(through.length).toBeLessThan(10);
  for (const state of states.filter((each) => each?.refusal))
    expect(state).toMatchObject({ limit: 5, remaining: 0, resetSeconds: 1, refusal: { code: 'rate_limited', retryAfterSeconds: 1 } });
});

test('an account is guarded from many addresses too, and signing in clears it', async () => {
  const [one, two] = [createRateLimits(bed.deps), createRateLimits(bed.deps)];
  const from = (index: number) => `203.0.113.${index}`;
  for (let i = 0; i < 100; i++) await (i % 2 ? one : two).takeSignIn(from(i), 'Owner@example.com');
  expect(await codeOf(one.takeSignIn(from(200), 'owner@example.com'))).toBe('rate_limited');
  await two.takeSignIn(from(200), 'other@example.com');
  await two.clearSignIn(from(1), 'owner@example.com');
  await one.takeSignIn(from(201), 'owner@example.com');
});

test('an address is guarded over many names, and the ways in that name nobody cannot be closed from elsewhere', async () => {
  const rates = createRateLimits(bed.deps);
  for (let i = 0; i < 30; i++) await rates.takeSignIn('198.51.100.1', `n${i}@example.com`);
  expect(await codeOf(rates.takeSignIn('198.51.100.1', 'n31@example.com'))).toBe('rate_limited');
  for (const door of ['setup', 'link', 'invite', 'oidc']) {
    for (let i = 0; i < 101; i++) await rates.takeSignIn(`203.0.${100 + (i >> 6)}.${(i & 63) + 10}`, door);
    await rates.takeSignIn('192.0.2.1', door);
  }
});

test('neither a name nor an address can be read in the table', async () => {
  const rates = createRateLimits(bed.deps);
  await rates.takeSignIn('192.0.2.99', 'my-password-in-the-wrong-field');
  const names = (await bed.sql<{ name: string }>('select name from rate_limit')).map(({ name }) => name);
  expect(names.filter((name) => /192\.0\.2|password|example\.com/.test(name))).toEqual([]);
  expect(names.filter((name) => name.startsWith('sign-in to ')).every((name) => /^sign-in to [0-9a-f]{6}$/.test(name))).toBe(true);
});
