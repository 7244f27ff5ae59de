import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readNameLookups } from '#runner/browser/launch/net-log.ts';
import { HINTED_NAMES, HINTS, type Place } from './cases/egress-hints.ts';
import { type EgressBed, openEgressBed } from './egress-bed.ts';
import { findKinds } from './find-kinds.ts';
import { DONE } from './hostile-page.ts';

/**
 * What a page only suggests (to load what may come next, to connect, to look up), and what it only has looked up. Kinds of browser
 * differ in what they follow, and some follow a hint only in a profile, as people have one and captures do not. So each kind is held
 * to the table in both, without walls: what fires must be what the table says, no less and no more. With the walls nothing does.
 */
const FIRE_MS_MAX = 20_000;
const LINGER_MS = 1500;

describe.each(findKinds())('$kind $note', ({ kind, found }) => {
  let bed: EgressBed;
  let folder: string;
  beforeAll(async () => {
    if (!found) return;
    folder = await mkdtemp(join(tmpdir(), 'sessionshot-hints-'));
    await chmod(folder, 0o777); // as root the browser may be another user
    bed = await openEgressBed({ browser: found.path });
  });
  afterAll(async () => {
    await bed?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** Visits each hint on a page of its own; answers with those that got anywhere. */
  const follow = async (isProfile: boolean, isWalled: boolean, awaited: readonly string[]): Promise<string[]> => {
    bed.canaries.clear();
    const netLog = join(folder, `${isProfile}-${isWalled}.json`);
    const door = await bed.openDoor({ isProfile, isWalled, netLog });
    try {
      for (const name of Object.keys(HINTS)) {
        const page = await door.visit(`/alone/${name}`);
        await page.getByText(DONE).waitFor();
        const end = Date.now() + FIRE_MS_MAX;
        while (awaited.includes(name) && !bed.canaries.hits().includes(name) && Date.now() < end) await wait(100);
        await wait(LINGER_MS);
        await page.close();
      }
    } finally {
      await door.close();
    }
    const arrived = [...bed.canaries.hits(), ...((await readNameLookups(netLog, HINTED_NAMES)) ?? [])];
    return Object.entries(HINTS).flatMap(([name, { arrives }]) => (arrived.includes(arrives) ? [name] : []));
  };

  test.skipIf(!found).each(['context', 'profile'] as const)(
    'in a %s hints fire as the table says, and none with the walls',
    {
      timeout: 300_000,
    },
    async (where) => {
      const place: Place = `${kind}, ${where}`;
      const firing = Object.entries(HINTS).filter(([, { firesIn }]) => firesIn.includes(place));
      const contacts = firing.filter(([name, { arrives }]) => name === arrives).map(([name]) => name);
      expect(await follow(where === 'profile', false, contacts)).toEqual(firing.map(([name]) => name));
      expect(await follow(where === 'profile', true, [])).toEqual([]);
      expect(bed.canaries.contacts()).toBe(0);
    },
  );
});
