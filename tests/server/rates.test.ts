import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRateLimits, type RateLimits } from '#server/api/rate-limits.ts';
import { giveBackRate, purgeRates, type Rate, takeRate } from '#server/domain/access/take-rate.ts';
import { AppError } from '#server/domain/app-error.ts';
import type { ProblemCode } from '#shared/problem.ts';
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

test('what is given back can be taken again, once', async () => {
  const rate = fresh(3);
  for (let i = 0; i < 3; i++) await takeRate(bed.deps, rate);
  await giveBackRate(bed.deps, rate);
  expect([(await takeRate(bed.deps, rate)).ok, (await takeRate(bed.deps, rate)).ok]).toEqual([true, false]);
});

test('to give back more than was taken makes no more than the burst', async () => {
  const rate = fresh(2);
  await takeRate(bed.deps, rate);
  for (let i = 0; i < 5; i++) await giveBackRate(bed.deps, rate);
  const taken = await Promise.all(Array.from({ length: 5 }, () => takeRate(bed.deps, rate)));
  expect(taken.filter(({ ok }) => ok)).toHaveLength(2);
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

type Who = Parameters<RateLimits['trySignIn']>[0];
/** Answers the code of the refusal: the attempt's own, or `rate_limited`. */
const fail = (rates: RateLimits, who: Who, code: ProblemCode = 'not_signed_in') =>
  codeOf(rates.trySignIn(who, () => Promise.reject(new AppError(code, 'Refused.'))));
const pass = (rates: RateLimits, who: Who) => rates.trySignIn(who, async () => 'in');
const many = async (count: number, attempt: (index: number) => Promise<unknown>) => {
  const heard = [];
  for (let i = 0; i < count; i++) heard.push(await attempt(i));
  return heard;
};

test('an account is guarded from many addresses too, and signing in clears it', async () => {
  const [one, two] = [createRateLimits(bed.deps), createRateLimits(bed.deps)];
  const from = (index: number, name = 'owner@example.com') => ({ address: `203.0.113.${index}`, name });
  await many(100, (i) => fail(i % 2 ? one : two, from(i, 'Owner@example.com')));
  expect(await codeOf(pass(one, from(200)))).toBe('rate_limited');
  expect(await fail(two, from(200, 'other@example.com'))).toBe('not_signed_in');
  // One comes back; its owner takes it and is in.
  await moveBack(
    (await bed.sql<{ name: string }>(`select name from rate_limit where name like 'sign-in to %' order by busy_until desc`))[0]?.name ?? '',
    9_000,
  );
  await pass(two, from(1));
  expect(await fail(one, from(201))).toBe('not_signed_in');
});

test('an address is guarded over many names, and the ways in that name nobody cannot be closed from elsewhere', async () => {
  const rates = createRateLimits(bed.deps);
  const at = '198.51.100.1';
  await many(30, (i) => fail(rates, { address: at, name: `n${i}@example.com` }));
  expect(await fail(rates, { address: at, name: 'n31@example.com' })).toBe('rate_limited');
  for (const name of ['setup', 'link', 'invite', 'oidc']) {
    await many(101, (i) => fail(rates, { address: `203.0.${100 + (i >> 6)}.${(i & 63) + 10}`, name }));
    expect(await fail(rates, { address: '192.0.2.1', name })).toBe('not_signed_in');
  }
});

test('who gets in is not counted: an office behind one address signs in as often as it likes', async () => {
  const rates = createRateLimits(bed.deps);
  const address = '198.51.100.2';
  await many(40, (i) => pass(rates, { address, name: `p${i}@example.com` }));
  await many(40, () => pass(rates, { address, name: 'link' }));
  // A password was right and its code is still to come; a form has a fault: neither is a guess.
  await many(40, (i) => fail(rates, { address, name: `p${i}@example.com` }, 'second_factor_needed'));
  await many(40, () => fail(rates, { address, name: 'usr_1' }, 'invalid_request'));
  const guesses = await many(31, (i) => fail(rates, { address, name: `q${i}@example.com` }));
  expect(guesses).toEqual([...Array.from({ length: 30 }, () => 'not_signed_in'), 'rate_limited']);
});

test('wrong codes are guesses, and so is whatever is not understood', async () => {
  const rates = createRateLimits(bed.deps);
  const who = { address: '198.51.100.3', name: 'coded@example.com', code: '123456' };
  await many(5, () => fail(rates, who, 'second_factor_needed'));
  await many(5, () => rates.trySignIn(who, () => Promise.reject(new Error('away'))).catch(() => undefined));
  expect(await fail(rates, who)).toBe('rate_limited');
});

test('guesses at the same moment are as many as one after the other', async () => {
  const rates = createRateLimits(bed.deps);
  const guesses = (address: string, nameOf: (index: number) => string) =>
    Promise.all(Array.from({ length: 80 }, (_, i) => fail(rates, { address, name: nameOf(i) })));
  const one = await guesses('198.51.100.4', () => 'victim@example.com');
  expect(one.filter((code) => code === 'not_signed_in')).toHaveLength(10);
  // What the account's own rate refused took nothing from the address: twenty are left of its thirty, for all other names.
  const others = await guesses('198.51.100.4', (i) => `v${i}@example.com`);
  expect(others.filter((code) => code === 'not_signed_in')).toHaveLength(20);
});

test('a success in between forgives no guess at others, neither by address nor at a door', async () => {
  const rates = createRateLimits(bed.deps);
  const address = '198.51.100.5';
  const heard = await many(31, async (i) => {
    await pass(rates, { address, name: 'own@example.com' }).catch(() => 'refused');
    return await fail(rates, { address, name: `w${i}@example.com` });
  });
  expect(heard.filter((code) => code === 'not_signed_in')).toHaveLength(30);
  const invites = await many(11, async () => {
    await pass(rates, { address: '198.51.100.6', name: 'invite' }).catch(() => 'refused');
    return await fail(rates, { address: '198.51.100.6', name: 'invite' });
  });
  expect(invites).toEqual([...Array.from({ length: 10 }, () => 'not_signed_in'), 'rate_limited']);
});

test('all addresses of one IPv6 line are one', async () => {
  const rates = createRateLimits(bed.deps);
  const at = (line: number, index: number) => ({ address: `2001:db8:0:${line}::${index.toString(16)}`, name: `six${index}@example.com` });
  expect((await many(31, (i) => fail(rates, at(1, i)))).at(-1)).toBe('rate_limited');
  expect(await fail(rates, at(2, 1))).toBe('not_signed_in');
  await many(30, (i) => rates.takeRevocation(`2001:db8:0:3::${i.toString(16)}`));
  expect(await codeOf(rates.takeRevocation('2001:db8:0:3:ffff::'))).toBe('rate_limited');
  await rates.takeRevocation('2001:db8:0:4::1');
});

test('neither a name nor an address can be read in the table', async () => {
  const rates = createRateLimits(bed.deps);
  await fail(rates, { address: '192.0.2.99', name: 'my-password-in-the-wrong-field' });
  const names = (await bed.sql<{ name: string }>('select name from rate_limit')).map(({ name }) => name);
  expect(names.filter((name) => /192\.0\.2|password|example\.com/.test(name))).toEqual([]);
  expect(names.filter((name) => name.startsWith('sign-in to ')).every((name) => /^sign-in to [0-9a-f]{6}$/.test(name))).toBe(true);
});
