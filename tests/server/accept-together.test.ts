import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Creating, createCapture } from '#server/domain/captures/create-capture.ts';
import { readCapture } from '#server/domain/captures/read-captures.ts';
import type { CaptureRequestInput } from '#shared/capture-request.ts';
import { LIMITS } from '#shared/limits.ts';
import { createDomainBed, type DomainBed, requestOf } from './domain-bed.ts';

// Captures of one workspace that come at the same moment are taken down together (decision 0060): what holds for one of them
// must hold for each.
const MANY = 60;
let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed.close());
beforeEach(async () => {
  await bed.sql('delete from capture');
});

type Given = Partial<CaptureRequestInput> & { idempotencyKey?: string };
const create = async ({ idempotencyKey, ...input }: Given = {}, deps: Creating = bed.deps) =>
  await createCapture(deps, bed.key, requestOf(input), { body: input, ...(idempotencyKey ? { idempotencyKey } : {}) });
/** The id of what was made, `again` for a replay, or the code of the refusal. */
const outcomes = async (calls: readonly Promise<{ capture: { id: string }; replayed: boolean }>[]) =>
  (await Promise.allSettled(calls)).map((call) => {
    if (call.status === 'fulfilled') return call.value.replayed ? 'again' : 'made';
    const { reason } = call;
    return reason instanceof Error && 'code' in reason ? String(reason.code) : 'unknown';
  });
const counted = (all: readonly string[]) =>
  Object.fromEntries([...new Set(all)].sort().map((each) => [each, all.filter((one) => one === each).length]));
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

describe('captures that come at once', () => {
  test('share transactions, and each has all that belongs to it', async () => {
    const made = await Promise.all(times(MANY, (index) => create({ reference: `r${index}` })));
    const rows = await bed.sql<{ reference: string; turn: string; sealed: string; xmin: string; audits: string }>(
      `select reference, turn, sealed, capture.xmin::text as xmin,
        (select count(*) from audit_event where target = capture.id and action = 'capture.create') as audits
       from capture join job on job.capture_id = capture.id join capture_payload on capture_payload.capture_id = capture.id`,
    );
    expect(rows.map(({ reference }) => reference).sort()).toEqual(times(MANY, (index) => `r${index}`).sort());
    expect(new Set(rows.map(({ turn }) => turn)).size).toBe(MANY);
    expect(new Set(rows.map(({ sealed }) => sealed)).size).toBe(MANY);
    expect(rows.every(({ audits }) => audits === '1')).toBe(true);
    expect(new Set(rows.map(({ xmin }) => xmin)).size).toBeLessThan(MANY / 4);
    // Read together, each is answered with its own.
    const read = await Promise.all(made.map(({ capture }) => readCapture(bed.deps, bed.key, capture.id)));
    expect(read.map(({ id, reference }) => [id, reference])).toEqual(made.map(({ capture }) => [capture.id, capture.reference]));
  });

  test('are taken as far as there is room; who is refused has his idempotency key back', async () => {
    const deps = { ...bed.deps, settings: { ...bed.deps.settings, queuedPerWorkspaceMax: 10 } };
    const calls = () => times(MANY, (index) => create({ idempotencyKey: `room-${index}` }, deps));
    expect(counted(await outcomes(calls()))).toEqual({ made: 10, queue_full: MANY - 10 });
    expect(await bed.sql(`select 1 from idempotency_record where key like 'room-%'`)).toHaveLength(10);
    await bed.sql(`update job set state = 'settled'`);
    expect(counted(await outcomes(calls()))).toEqual({ again: 10, made: 10, queue_full: MANY - 20 });
  });

  test('with one idempotency key are one; with another body it is refused, and no other with it', async () => {
    const same = times(20, () => create({ idempotencyKey: 'one' }));
    const other = times(5, () => create({ idempotencyKey: 'one', reference: 'other' }));
    const plain = times(20, () => create());
    const all = await outcomes([...same, ...other, ...plain]);
    expect(counted(all.slice(0, 20))).toEqual({ again: 19, made: 1 });
    expect(counted(all.slice(20, 25))).toEqual({ idempotency_key_reused: 5 });
    expect(counted(all.slice(25))).toEqual({ made: 20 });
  });

  test('are not refused with one that the database refuses', async () => {
    await bed.sql(`create function refuse_it() returns trigger language plpgsql as $$
      begin if new.reference = 'bad' then raise exception 'refused by a test'; end if; return new; end $$`);
    await bed.sql('create trigger refuse_it before insert on capture for each row execute function refuse_it()');
    try {
      const all = await outcomes(times(30, (index) => create({ reference: index === 17 ? 'bad' : 'good' })));
      expect([counted(all.filter((_, index) => index !== 17)), all[17]]).toEqual([{ made: 29 }, 'P0001']);
      expect(await bed.sql('select 1 from capture')).toHaveLength(29);
    } finally {
      await bed.sql('drop trigger refuse_it on capture');
      await bed.sql('drop function refuse_it');
    }
  });

  test('beyond what may wait to be taken down are refused at once', async () => {
    const all = await outcomes(times(LIMITS.acceptWaitingMax + 200, () => create()));
    expect(Object.keys(counted(all))).toEqual(['made', 'overloaded']);
  });
});

test('one that comes alone waits for nobody: it is a group of its own', async () => {
  const first = await create();
  const second = await create();
  const rows = await bed.sql<{ xmin: string }>('select xmin::text as xmin from capture');
  expect(new Set(rows.map(({ xmin }) => xmin)).size).toBe(2);
  expect(first.capture.id).not.toBe(second.capture.id);
});
