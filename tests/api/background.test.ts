import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiBed, createApiBed, GOOD, textOf } from './api-bed.ts';

let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed();
});
afterAll(() => bed?.close());

const post = async () => textOf(await bed.call('/api/captures', { body: GOOD }), 'id');
const isAnnounced = async (id: string) =>
  (await bed.sql('select announced_at is not null as yes from job where capture_id = $1', [id]))[0]?.yes;

test('an accepted capture is announced without anybody asking', async () => {
  const id = await post();
  await expect.poll(() => isAnnounced(id), { timeout: 5000 }).toBe(true);
});

test('a turn that fails is told in the log, and the loop goes on', async () => {
  await bed.sql('alter table job rename column announced_at to announced_gone');
  await expect
    .poll(() => bed.logs.some((line) => line.includes('"step":"dispatch"') && line.includes('"error"')), { timeout: 10_000 })
    .toBe(true);
  await bed.sql('alter table job rename column announced_gone to announced_at');
  const id = await post();
  await expect.poll(() => isAnnounced(id), { timeout: 10_000 }).toBe(true);
});

test('a capture that no runner took by its deadline fails, and its sealed payload is gone', async () => {
  const id = await post();
  await bed.sql(`update job set deadline_at = now() - interval '1 second' where capture_id = $1`, [id]);
  await expect.poll(async () => textOf(await bed.call(`/api/captures/${id}`), 'status'), { timeout: 15_000 }).toBe('failed');
  expect((await bed.call(`/api/captures/${id}`)).body).toMatchObject({
    error: { code: expect.stringMatching(/^(no_runner|deadline_exceeded)$/), blame: 'service' },
  });
  expect(await bed.sql('select 1 from capture_payload where capture_id = $1', [id])).toEqual([]);
});
