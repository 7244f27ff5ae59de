import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MDNS_NAME, WEBRTC, WEBRTC_ELSEWHERE } from './cases/egress-webrtc.ts';
import { type EgressBed, openEgressBed } from './egress-bed.ts';
import { findKinds } from './find-kinds.ts';
import { hearMdns, type Mdns } from './hear-mdns.ts';
import { DONE } from './hostile-page.ts';

/**
 * Each spelling by which WebRTC is told of an address, on a page that tries nothing else, in each kind of browser that a runner
 * can start: it arrives where the door is open, and in a capture nothing does. The two kinds know different flags for
 * it, so what holds in one says nothing of the other.
 */
const FIRE_MS_MAX = 20_000;
const TABS = 3;
const SPELLINGS = Object.keys({ ...WEBRTC, ...WEBRTC_ELSEWHERE });

describe.each(findKinds())('WebRTC in $kind $note', ({ found }) => {
  let bed: EgressBed;
  let mdns: Mdns | null = null;
  beforeAll(async () => {
    if (!found) return;
    bed = await openEgressBed({ browser: found.path, tabs: TABS });
    mdns = await hearMdns();
  });
  afterAll(async () => {
    mdns?.close();
    await bed?.close();
  });

  /** Spellings that got to where they aim; each has a port or a name of its own, so one tells nothing of another. */
  const arrived = () =>
    SPELLINGS.filter((name) => (name === 'ice-mdns' ? mdns?.isHeard(MDNS_NAME) === true : bed.canaries.hits().includes(name)));

  // The door is closed before captures are made: a plain browser has errands of its own, which the canaries would count.
  test.skipIf(!found)('each spelling arrives without walls', async () => {
    const door = await bed.openDoor();
    try {
      for (const name of SPELLINGS) await door.visit(`/alone/${name}`);
      const end = Date.now() + FIRE_MS_MAX;
      while (arrived().length < SPELLINGS.length && Date.now() < end) await wait(100);
      expect(arrived()).toEqual(SPELLINGS);
    } finally {
      await door.close();
    }
  });

  test.skipIf(!found)('none arrives from a capture', async () => {
    bed.canaries.clear();
    mdns?.clear();
    const captures = SPELLINGS.map((name) => bed.capture({ path: `/alone/${name}`, waitFor: [{ text: DONE }], delay: 500 }));
    const results = await Promise.all(captures);
    expect(results.map((result) => (result.ok ? 'ok' : result.failure.detail))).toEqual(SPELLINGS.map(() => 'ok'));
    expect({ arrived: arrived(), hits: bed.canaries.hits(), contacts: bed.canaries.contacts() }).toEqual({
      arrived: [],
      hits: [],
      contacts: 0,
    });
  });
});
