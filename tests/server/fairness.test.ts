import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createCapture } from '#server/domain/captures/create-capture.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { captureRequestSchema } from '#shared/capture-request.ts';
import type { JobId } from '#shared/ids.ts';
import { capture, codeOf, createDomainBed, type DomainBed } from './domain-bed.ts';

const LARGE = 1000;
const SMALL = 10;
let bed: DomainBed;
let small: DomainBed['key'];
beforeAll(async () => {
  bed = await createDomainBed({ queuedPerWorkspaceMax: LARGE });
  small = await bed.addWorkspace();
});
afterAll(() => bed.close());
beforeEach(() => bed.sql('delete from capture'));

const request = captureRequestSchema.parse({ url: 'https://app.example.com/', output: { format: 'png' } });
const ask = async (by: DomainBed['key'], count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await createCapture(bed.deps, by, request, { body: {} });
};
/** A workspace's backlog as it is after a burst, written at once. */
const pile = async (count: number): Promise<void> => {
  const { id } = await capture(bed);
  await bed.sql(
    `insert into capture select (jsonb_populate_record(capture, jsonb_build_object('id', 'cap_pile' || n))).*
     from capture, generate_series(1, $2::int) n where id = $1`,
    [id, count - 1],
  );
  await bed.sql(
    `insert into capture_payload select (jsonb_populate_record(capture_payload, jsonb_build_object('capture_id', 'cap_pile' || n))).*
     from capture_payload, generate_series(1, $2::int) n where capture_id = $1`,
    [id, count - 1],
  );
  await bed.sql(
    `insert into job select (jsonb_populate_record(job, jsonb_build_object('id', 'job_pile' || n, 'capture_id', 'cap_pile' || n, 'turn', n))).*
     from job, generate_series(1, $2::int) n where capture_id = $1`,
    [id, count - 1],
  );
};
const claims = async (count: number, named: readonly JobId[] = []): Promise<string[]> => {
  const workspaces: string[] = [];
  for (let i = 0; i < count; i++) {
    const jobId = named[i];
    const claim = await claimJob(bed.deps, bed.runner, jobId ? { jobId, isHint: true } : {});
    workspaces.push(claim?.workspaceId === small.workspaceId ? 'small' : claim ? 'large' : 'none');
  }
  return workspaces;
};
const jobsOf = async (by: DomainBed['key']) =>
  (await bed.sql<{ id: JobId }>('select id from job where workspace_id = $1 order by id', [by.workspaceId])).map(({ id }) => id);

describe('turns', () => {
  test('ten of one workspace are done within two rounds of ten slots beside a thousand of another', async () => {
    await pile(LARGE);
    await ask(small, SMALL);
    expect((await claims(2 * SMALL)).filter((who) => who === 'small')).toHaveLength(SMALL);
  });

  test('it is the same for runners that come by a doorbell of the large one', async () => {
    await pile(LARGE);
    await ask(small, SMALL);
    const doorbells = await jobsOf(bed.key);
    expect((await claims(2 * SMALL, doorbells)).filter((who) => who === 'small')).toHaveLength(SMALL);
  });

  test('who comes later waits for one turn of the other, not for its backlog, and gets no more than its share', async () => {
    await ask(bed.key, 6);
    await claims(3);
    await ask(small, 2);
    expect(await claims(5)).toEqual(['large', 'small', 'large', 'small', 'large']);
    await ask(small, 1);
    expect(await claims(2)).toEqual(['small', 'none']);
  });

  test('a flood over many connections is given one turn each, and no greater share', async () => {
    await Promise.all(Array.from({ length: 30 }, () => ask(bed.key, 1)));
    const turns = await bed.sql<{ turn: string }>('select turn from job order by turn');
    expect(turns.map(({ turn }) => Number(turn))).toEqual(Array.from({ length: 30 }, (_, index) => index));
    await ask(small, 3);
    expect((await claims(6)).filter((who) => who === 'small')).toHaveLength(3);
  });

  test('a job that nobody can take yet does not hold the turns of others back', async () => {
    await ask(bed.key, 1);
    await bed.sql(`update job set available_at = now() + interval '1 hour'`);
    const third = await bed.addWorkspace();
    await ask(third, 6);
    await claims(3);
    await ask(small, 3);
    expect(await claims(6)).toEqual(['large', 'small', 'large', 'small', 'large', 'small']);
  });

  test('a job that is tried again keeps its turn', async () => {
    await ask(bed.key, 3);
    const [first] = await jobsOf(bed.key);
    const claim = await claimJob(bed.deps, bed.runner, {});
    expect(claim?.jobId).toBe(first);
    await ask(small, 1);
    await bed.sql(`update job set state = 'available' where id = $1`, [first]);
    expect((await claimJob(bed.deps, bed.runner, {}))?.jobId).toBe(first);
  });

  test('a doorbell whose job is away takes nothing when nothing is due', async () => {
    await ask(bed.key, 1);
    const [jobId] = await jobsOf(bed.key);
    expect(await claimJob(bed.deps, bed.runner, { jobId, isHint: true })).not.toBeNull();
    expect(await claimJob(bed.deps, bed.runner, { jobId, isHint: true })).toBeNull();
  });
});

describe('priority', () => {
  const prioritized = async (by: DomainBed['key'], priority: 'interactive' | 'normal' | 'bulk', count: number) => {
    for (let i = 0; i < count; i++) await createCapture(bed.deps, by, { ...request, priority, reference: priority }, { body: {} });
  };
  const claimed = async (count: number) => {
    const found: string[] = [];
    for (let i = 0; i < count; i++) {
      const claim = await claimJob(bed.deps, bed.runner, {});
      const [row] = await bed.sql<{ reference: string; workspace_id: string }>(
        'select reference, workspace_id from capture where id = $1',
        [claim?.captureId],
      );
      found.push(`${row?.workspace_id === small.workspaceId ? 'small ' : ''}${row?.reference}`);
    }
    return found;
  };

  test('what is interactive goes before what waits of its own workspace, bulk after it, and one turn of eight to who is first in line', async () => {
    await prioritized(bed.key, 'bulk', 12);
    await prioritized(bed.key, 'normal', 4);
    await prioritized(bed.key, 'interactive', 2);
    // The turns 0 and 8 are those of all.
    expect(await claimed(18)).toEqual([
      ...['bulk', 'interactive', 'interactive', 'normal', 'normal', 'normal', 'normal', 'bulk'],
      ...Array.from({ length: 10 }, () => 'bulk'),
    ]);
  });

  test('nothing waits for ever behind what goes first', async () => {
    await prioritized(bed.key, 'bulk', 1);
    await claimed(1);
    await prioritized(bed.key, 'bulk', 2);
    const seen: string[] = [];
    for (let i = 0; i < 20; i++) {
      await prioritized(bed.key, 'interactive', 2);
      seen.push(...(await claimed(1)));
    }
    expect(seen.filter((priority) => priority === 'bulk')).toHaveLength(2);
  });

  test('takes no turn from another workspace', async () => {
    await prioritized(bed.key, 'interactive', 6);
    await prioritized(small, 'bulk', 3);
    expect((await claimed(6)).filter((who) => who.startsWith('small'))).toHaveLength(3);
  });

  test('runners that claim at once take different ones', async () => {
    await prioritized(bed.key, 'bulk', 10);
    await prioritized(bed.key, 'interactive', 10);
    const claims = await Promise.all(Array.from({ length: 20 }, () => claimJob(bed.deps, bed.runner, { waitMs: 10_000 })));
    expect(new Set(claims.map((claim) => claim?.captureId)).size).toBe(20);
  });

  test('what is passed by is held for a moment only: who came for it meanwhile is told', async () => {
    await prioritized(bed.key, 'bulk', 2);
    await claimed(1); // the turn of all
    await prioritized(bed.key, 'interactive', 1);
    const [taking, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const grantUpload: typeof bed.deps.blobs.grantUpload = async (...args) => {
      taking.resolve();
      await goOn.promise;
      return await bed.deps.blobs.grantUpload(...args);
    };
    const slow = claimJob({ ...bed.deps, blobs: { ...bed.deps.blobs, grantUpload } }, bed.runner, {});
    await taking.promise;
    const waiting = claimJob(bed.deps, bed.runner, { waitMs: 20_000 });
    await wait(500); // it has looked, and seen nothing
    const toldAt = Date.now();
    goOn.resolve();
    expect((await slow)?.captureId).not.toBe((await waiting)?.captureId);
    // A runner that is told nothing looks for itself after five seconds.
    expect(Date.now() - toldAt).toBeLessThan(4000);
  });
});

describe('a full queue', () => {
  const refusal = async () => {
    const error = await createCapture(bed.deps, bed.key, request, { body: {} }).catch((caught: unknown) => caught);
    return error as { code: string; retryAfterSeconds?: number };
  };

  test('says how long a place takes to be free, by what was begun in the last five minutes', async () => {
    await pile(LARGE);
    expect(await refusal()).toMatchObject({ code: 'queue_full', retryAfterSeconds: 300 });
    await claims(30);
    await ask(bed.key, 30);
    expect(await refusal()).toMatchObject({ code: 'queue_full', retryAfterSeconds: 10 });
    await bed.sql(`update capture set started_at = now() - interval '6 minutes' where started_at is not null`);
    expect((await refusal()).retryAfterSeconds).toBe(300);
    await claims(200);
    await ask(bed.key, 200);
    expect((await refusal()).retryAfterSeconds).toBe(5);
  });

  test('takes no more than it has room for, however many come at once', async () => {
    const deps = { ...bed.deps, settings: { ...bed.deps.settings, queuedPerWorkspaceMax: 12 } };
    const all = await Promise.allSettled(Array.from({ length: 40 }, () => createCapture(deps, bed.key, request, { body: {} })));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(12);
  });

  test('of one workspace is not that of another', async () => {
    await pile(LARGE);
    expect(await codeOf(createCapture(bed.deps, bed.key, request, { body: {} }))).toBe('queue_full');
    await ask(small, 1);
  });
});
