import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type EgressBed, openEgressBed } from './egress-bed.ts';
import { APP_HOST, ASSETS, CDN_HOST, DONE, NAVIGATION_PATHS, VECTORS } from './hostile-page.ts';

/**
 * Row 1 of the security model: a hostile page reaches nothing. Its vectors are data in `cases/egress-*.ts`. Each of them
 * is first proved able to fire, in a browser without our walls: a vector that fires nowhere proves nothing.
 */
const FIRE_MS_MAX = 30_000;
const names = (paths: readonly string[]) => paths.map((path) => path.split('/')[2] ?? '');

let bed: EgressBed;
beforeAll(async () => {
  bed = await openEgressBed();
});
afterAll(() => bed?.close());
beforeEach(() => {
  bed.canaries.clear();
  bed.seen.splice(0);
});

test('there are at least 45 vectors, each under a name of its own', () => {
  const all = [...VECTORS, ...names(NAVIGATION_PATHS)];
  expect(VECTORS.length).toBeGreaterThanOrEqual(45);
  expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([]);
});

describe('where the door is open', () => {
  test('every vector of the page arrives', async () => {
    const door = await bed.openDoor();
    try {
      await door.visit('/');
      await expect.poll(() => missing(VECTORS), { timeout: FIRE_MS_MAX, interval: 200 }).toEqual([]);
    } finally {
      await door.close();
    }
  });

  test('every navigation arrives', async () => {
    const door = await bed.openDoor();
    try {
      for (const path of NAVIGATION_PATHS) {
        await door.visit(path);
        await expect.poll(() => missing(names([path])), { timeout: FIRE_MS_MAX, interval: 100 }).toEqual([]);
      }
    } finally {
      await door.close();
    }
  });
});

describe('in a capture', () => {
  test('nothing arrives, the third party is loaded, and the result says what was refused', async () => {
    const result = await bed.capture({
      path: '/',
      waitUntil: 'domcontentloaded',
      waitFor: [{ text: DONE }, { text: ASSETS }],
      delay: 1500,
    });
    expect(result.ok ? 'ok' : result.failure.detail).toBe('ok');
    expect({ hits: bed.canaries.hits(), contacts: bed.canaries.contacts() }).toEqual({ hits: [], contacts: 0 });
    expect(bed.seen).toEqual(
      expect.arrayContaining(['logo.png', 'style.css', 'script.js', 'data', 'frame'].map((file) => `${CDN_HOST}/${file}`)),
    );
    expect(result.observed.egress?.hosts.sort()).toEqual([APP_HOST, CDN_HOST, 'rebind.canary.test']);
    for (const host of ['127.0.0.1', '::1', '::ffff:7f00:1', 'localhost', 'inside.localhost', 'loop.canary.test', 'six.canary.test'])
      expect(result.observed.egress?.blocked).toContainEqual({ host, reason: 'private address' });
    for (const host of ['mapped.canary.test', 'several.canary.test', 'rebind.canary.test', 'bounced.canary.test'])
      expect(result.observed.egress?.blocked).toContainEqual({ host, reason: 'private address' });
    expect(result.observed.egress?.blocked).toContainEqual({ host: '127.0.0.1', reason: 'port not allowed' });
  });

  test.each(NAVIGATION_PATHS)('the main document goes nowhere, and stores nothing: %s', async (path) => {
    const result = await bed.capture({ path, delay: 1500 });
    expect(result).toMatchObject({ ok: false, failure: { code: 'navigation_blocked' } });
    expect({ hits: bed.canaries.hits(), contacts: bed.canaries.contacts() }).toEqual({ hits: [], contacts: 0 });
  });
});

function missing(wanted: readonly string[]): string[] {
  const arrived = bed.canaries.hits();
  return wanted.filter((name) => !arrived.includes(name));
}
