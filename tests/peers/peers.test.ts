import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFaults } from './check-reply.ts';
import { PEERS } from './peers.ts';
import { putCase } from './put-case.ts';
import { renderPage } from './render-page.ts';
import { type Bed, startBed } from './start-peers.ts';
import { type Outcome, percent, statedOutcome, sumTallies, tallyPeer } from './tally.ts';

// What the tests of other tools guarantee, put to one running instance over its public API; see docs/peers.md.
const CASES = PEERS.flatMap((peer) => peer.cases);
const CASES_MIN = 200;
const SHARE_MIN = 0.9;
const outcomes = new Map<string, Outcome>();
let bed: Bed;

beforeAll(async () => {
  bed = await startBed(CASES);
});
afterAll(async () => {
  await bed?.close();
});

describe.concurrent('cases', () => {
  test.for(CASES)('$id', async (entry, { expect: check, skip }) => {
    const stated = statedOutcome(entry);
    outcomes.set(entry.id, stated === 'pending' ? 'pending' : 'failed');
    if (stated === 'pending') skip(`needs ${entry.needs}`);
    const faults = await findFaults(bed, entry, await putCase(bed, entry));
    if (faults.length === 0) outcomes.set(entry.id, 'passed');
    else if (stated === 'missed') outcomes.set(entry.id, 'missed');
    if (stated === 'missed') check(faults, 'this case passes now: take its `miss` away').not.toEqual([]);
    else check(faults, entry.says).toEqual([]);
  });
});

describe('all together', () => {
  test('every case has a name of its own, a source that was read whole, and a reason where it misses', () => {
    expect(new Set(CASES.map((entry) => entry.id)).size).toBe(CASES.length);
    for (const peer of PEERS) {
      for (const entry of peer.cases) {
        const file = peer.files.find((read) => read.file === entry.from[0]);
        expect(file, `${entry.id} is from a file that is not listed`).toBeDefined();
        const lines = Object.values(file?.leftOut ?? {}).flatMap((given) => (typeof given === 'number' ? [] : given));
        expect(lines, `${entry.id} is taken over and left out`).not.toContain(entry.from[1]);
        if (entry.miss !== undefined) expect(entry.miss.length, entry.id).toBeGreaterThan(20);
      }
    }
  });

  test('at least 200 cases, nine in ten of which pass', () => {
    const tallies = PEERS.map((peer) => tallyPeer(peer, (entry) => outcomes.get(entry.id) ?? 'failed'));
    const all = sumTallies(tallies);
    console.table(
      Object.fromEntries(
        [...tallies, all].map(({ name, cases, passed, missed, pending, failed }) => [name, { cases, passed, missed, pending, failed }]),
      ),
    );
    const misses = CASES.filter((entry) => outcomes.get(entry.id) === 'missed').map((entry) => `  ${entry.id}: ${entry.miss}`);
    console.info(`N / M = ${all.passed} / ${all.cases} = ${percent(all.passed, all.cases)}\nMisses:\n${misses.join('\n')}`);
    expect(all.cases).toBeGreaterThanOrEqual(CASES_MIN);
    expect(all.passed / all.cases).toBeGreaterThanOrEqual(SHARE_MIN);
  });

  test('docs/peers.md says what the data says', () => {
    const written = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'peers.md'), 'utf8');
    expect(written === renderPage(PEERS), 'write it anew: node tests/peers/write-page.ts').toBe(true);
  });
});
