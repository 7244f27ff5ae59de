import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { decideEgress } from '#runner/browser/egress/egress-policy.ts';
import { type EgressBed, openEgressBed, type Weakened } from './egress-bed.ts';
import { APP_HOST, CDN_HOST, DONE, PARTS, PARTS_DONE, STRANGER_HOST } from './hostile-page.ts';

/** Strict egress: a page loads from the list alone, and nobody is asked about any other name. */
const PAGE = { path: '/parts', waitFor: [{ text: PARTS_DONE }], parts: [{ host: CDN_HOST, port: null, isPrivate: false }] };
const from = (host: string) => PARTS.map((file) => `${host}/${file}`);

let bed: EgressBed;
beforeAll(async () => {
  bed = await openEgressBed();
});
afterAll(() => bed?.close());
beforeEach(() => {
  bed.canaries.clear();
  bed.seen.splice(0);
  bed.asked.lookUps.clear();
  bed.asked.dials.clear();
});

test('every kind of part comes from a listed host, none from a stranger, and the page is captured without them', async () => {
  const result = await bed.capture(PAGE);
  expect(result.ok ? 'ok' : result.failure.detail).toBe('ok');
  expect(bed.seen.toSorted()).toEqual([`${APP_HOST}/parts`, ...from(CDN_HOST)].toSorted());
  expect([...bed.asked.lookUps].toSorted()).toEqual([APP_HOST, CDN_HOST]);
  expect([...bed.asked.dials].toSorted()).toEqual([APP_HOST, CDN_HOST]);
  expect(result.observed.egress).toEqual({ hosts: [APP_HOST, CDN_HOST], blocked: [{ host: STRANGER_HOST, reason: 'not listed' }] });
});

test('without the wall every one of them comes from the stranger', async () => {
  const weakened: Weakened = {
    proxy: () => ({ decide: (reach, wanted, resolve) => decideEgress({ ...reach, parts: null }, wanted, resolve) }),
  };
  await bed.capture(PAGE, weakened);
  expect(bed.seen).toEqual(expect.arrayContaining(from(STRANGER_HOST)));
});

test('a page that tries everything has no name looked up but that of its own host', async () => {
  const result = await bed.capture({ path: '/', waitUntil: 'domcontentloaded', waitFor: [{ text: DONE }], delay: 1500, parts: [] });
  expect(result.ok ? 'ok' : result.failure.detail).toBe('ok');
  expect({ hits: bed.canaries.hits(), contacts: bed.canaries.contacts() }).toEqual({ hits: [], contacts: 0 });
  expect([[...bed.asked.lookUps], [...bed.asked.dials]]).toEqual([[APP_HOST], [APP_HOST]]);
  expect(bed.seen.filter((asked) => !asked.startsWith(APP_HOST))).toEqual([]);
  for (const host of [CDN_HOST, '127.0.0.1', 'localhost', 'rebind.canary.test', 'bounced.canary.test'])
    expect(result.observed.egress?.blocked).toContainEqual({ host, reason: 'not listed' });
});

test('a host for parts is no place for the page itself', async () => {
  const result = await bed.capture({ ...PAGE, path: '/bounce-far/go-target', waitFor: [] });
  expect(result).toMatchObject({ ok: false, failure: { code: 'navigation_blocked', detail: expect.stringContaining(CDN_HOST) } });
  expect(bed.seen).toEqual([`${APP_HOST}/bounce-far/go-target`]);
});
