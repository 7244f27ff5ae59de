import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { decideEgress } from '#runner/browser/egress/egress-policy.ts';
import { EGRESS_FLAGS, RESOLVER_FLAG, WEBRTC_FLAGS, WINDOWS_FLAG } from '#runner/browser/launch/launch-chromium.ts';
import { readNameLookups } from '#runner/browser/launch/net-log.ts';
import { normalizeHost } from '#shared/egress-policy.ts';
import { BOUNCES } from './cases/egress-elements.ts';
import { PLACES } from './cases/egress-places.ts';
import { type EgressBed, openEgressBed, type Weakened } from './egress-bed.ts';
import { BOUNCED_HOST, DONE } from './hostile-page.ts';

/**
 * Each wall of the way out stands for something: with any one of them taken away, and all others in place, a vector gets
 * through. Walls of the browser's start are flags, the others functions that a capture is put together from; for the
 * former `runner/browser/launch/self-test.test.ts` shows that the runner would not start.
 */
const HOSTILE = { path: '/', waitUntil: 'domcontentloaded' as const, waitFor: [{ text: DONE }], delay: 1500 };
const LOOPBACK_DIRECT = '127.0.0.1,localhost';

/** Resolves and judges nothing. */
const letPass: typeof decideEgress = async (_reach, { host }, resolve) => {
  const name = normalizeHost(host) ?? host;
  return { ok: true, addresses: isIP(name) === 0 && resolve ? await resolve(name) : [name] };
};

async function arrivals(bed: EgressBed, weakened?: Weakened): Promise<string[]> {
  bed.canaries.clear();
  await bed.capture(HOSTILE, weakened);
  return bed.canaries.hits();
}

async function withFlags(flags: readonly string[], use: (bed: EgressBed) => Promise<void>): Promise<void> {
  const bed = await openEgressBed({ flags });
  try {
    await use(bed);
  } finally {
    await bed.close();
  }
}

describe('walls of a capture', () => {
  let bed: EgressBed;
  beforeAll(async () => {
    bed = await openEgressBed();
  });
  afterAll(() => bed?.close());
  beforeEach(() => bed.canaries.clear());

  test('without the judgement of addresses, this machine is reached by every spelling', async () => {
    const arrived = await arrivals(bed, { proxy: () => ({ decide: letPass }) });
    expect(arrived).toEqual(expect.arrayContaining(Object.keys(PLACES)));
  });

  test('without the pin, a name that rebinds is reached, and nothing else', async () => {
    const unpinned: Weakened = {
      proxy: ({ resolve, dial }) => ({ dial: async (way, signal) => dial({ ...way, addresses: await resolve(way.host) }, signal) }),
    };
    // The names of the site itself keep their addresses, so they are dialed as before.
    expect(await arrivals(bed, unpinned)).toEqual(['name-rebinds']);
  });

  test('judged at its first hop only, what a redirect leads to is reached, and nothing else', async () => {
    const decide: typeof decideEgress = (reach, wanted, resolve) =>
      (wanted.host === BOUNCED_HOST ? letPass : decideEgress)(reach, wanted, resolve);
    const arrived = await arrivals(bed, { proxy: () => ({ decide }) });
    expect(arrived).toEqual([...Object.keys(BOUNCES), 'bounce-fetch', 'bounce-post', 'worker-bounced'].sort());
  });

  test('with a context proxy that leaves out loopback, this machine is reached', async () => {
    const arrived = await arrivals(bed, {
      contextOptions: (lent) => ({ ...lent, proxy: { server: lent.proxy?.server ?? '', bypass: LOOPBACK_DIRECT } }),
    });
    expect(arrived).toEqual(expect.arrayContaining(['fetch', 'img', 'iframe', 'web-socket', 'worker-fetch']));
  });

  test('without a context proxy nothing is reached, the site neither: the dead proxy of the launch stands behind', async () => {
    bed.seen.splice(0);
    const result = await bed.capture({ path: '/' }, { contextOptions: ({ proxy: _taken, ...lent }) => lent });
    expect(result).toMatchObject({ ok: false });
    expect({ contacts: bed.canaries.contacts(), seen: bed.seen }).toEqual({ contacts: 0, seen: [] });
  });
});

describe('walls of the start', () => {
  test('without the dead proxy of the launch, a context without a proxy of its own reaches this machine', () =>
    withFlags([...EGRESS_FLAGS, `--proxy-bypass-list=${LOOPBACK_DIRECT.replace(',', ';')}`], async (bed) => {
      await visitBare(bed);
      expect(bed.canaries.contacts()).toBeGreaterThan(0);
      // A context that has its own is shut as before.
      expect(await arrivals(bed)).toEqual([]);
    }));

  test('with it, such a context reaches nothing', () =>
    withFlags(EGRESS_FLAGS, async (bed) => {
      await visitBare(bed);
      expect(bed.canaries.contacts()).toBe(0);
    }));

  test('without the policy of WebRTC, packets go out past the proxy, and nothing else', () =>
    withFlags(
      EGRESS_FLAGS.filter((flag) => !WEBRTC_FLAGS.includes(flag)),
      async (bed) => {
        const arrived = await arrivals(bed);
        expect(arrived).toEqual(expect.arrayContaining(['stun', 'stun-second', 'turn', 'ice-udp']));
        expect(arrived.filter((name) => !/^(stun|turn|ice)/.test(name))).toEqual([]);
      },
    ));

  test('without the resolver rule, the browser looks names up by itself', async () => {
    expect(await lookups(EGRESS_FLAGS)).toEqual([]);
    expect(await lookups(EGRESS_FLAGS.filter((flag) => flag !== RESOLVER_FLAG))).toContain('loop.canary.test');
  });

  test('without the flag for windows, windows ask for their pages before they are closed', async (context) => {
    await withFlags(
      EGRESS_FLAGS.filter((flag) => flag !== WINDOWS_FLAG),
      async (bed) => {
        context.skip(bed.browsers.found.kind !== 'headless-shell', 'a full Chromium has no such flag');
        await bed.capture(HOSTILE);
        expect(bed.seen.filter((asked) => asked.includes('/window'))).not.toEqual([]);
      },
    );
    await withFlags(EGRESS_FLAGS, async (bed) => {
      await bed.capture(HOSTILE);
      expect(bed.seen.filter((asked) => asked.includes('/window'))).toEqual([]);
    });
  });
});

/** A context that somebody forgot to give its proxy. */
async function visitBare(bed: EgressBed): Promise<void> {
  const launched = await bed.browsers.launch();
  try {
    const context = await launched.browser.newContext();
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${bed.canaries.plain}/bare`).catch(() => undefined); // refused, as hoped
  } finally {
    await launched.close();
  }
}

/** Which names below `canary.test` the browser itself resolved during a capture of the hostile page. */
async function lookups(flags: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sessionshot-netlog-'));
  try {
    await chmod(folder, 0o777); // as root the browser is another user
    const file = join(folder, 'net-log.json');
    const bed = await openEgressBed({ flags: [...flags, `--log-net-log=${file}`] });
    await bed.capture(HOSTILE).finally(bed.close);
    const found = await readNameLookups(file, /[\w-]+\.canary\.test/);
    if (!found) throw new Error('the browser wrote no net log');
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
