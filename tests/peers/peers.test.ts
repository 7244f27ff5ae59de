import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFaults } from './check-reply.ts';
import { isBuilt } from './needs.ts';
import { PEERS } from './peers.ts';
import { putCase } from './put-case.ts';
import { type Bed, startBed } from './start-peers.ts';

const CASES = PEERS.flatMap((peer) => peer.cases);
let bed: Bed;

beforeAll(async () => {
  bed = await startBed(CASES);
});
afterAll(async () => {
  await bed?.close();
});

describe.concurrent('cases', () => {
  test.for(CASES)('$id', async (entry, { expect: check, skip }) => {
    if (entry.needs && !isBuilt(entry.needs)) skip();
    const replies = await putCase(bed, entry);
    const faults = await findFaults(bed, entry, replies);
    if (entry.miss) check(faults).not.toEqual([]);
    else check(faults).toEqual([]);
  });
});
void expect;
