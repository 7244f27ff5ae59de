import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { merge } from '#server/api/rest-batch.ts';
import { type ApiBed, createApiBed, GOOD, problemOf } from './api-bed.ts';

type Item = {
  status: number;
  replayed: boolean;
  capture: { id: string; url: string; tags: object } | null;
  problem: { code: string; detail: string } | null;
};
type Batch = { object: string; accepted: number; refused: number; items: Item[] };

let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed({ settings: { queuedPerWorkspaceMax: 120 } });
});
afterAll(() => bed?.close());
beforeEach(() => bed.sql('delete from capture'));

const post = (body: unknown, headers: Record<string, string> = {}, key = bed.key) =>
  bed.call('/api/captures/batch', { body, headers, key });
const send = async (body: unknown, headers?: Record<string, string>) => {
  const answer = await post(body, headers);
  expect(answer.status).toBe(202);
  return { ...answer, batch: answer.body as Batch };
};
const urlOf = (n: number) => `https://app.example.com/reports/${n}`;
const captures = async () => (await bed.sql('select id, url, tags from capture order by id')).map(({ url }) => url);

describe('POST /api/captures/batch', () => {
  test('makes each item of the defaults and of its own, in their order', async () => {
    const { batch } = await send({
      defaults: { ...GOOD, tags: { customer: '42', month: 'may' }, auth: { cookies: [{ name: 'sid', value: 'canary-value' }] } },
      items: [{ url: urlOf(1) }, { url: urlOf(2), tags: { month: 'june' } }, {}],
    });
    expect(batch).toMatchObject({ object: 'batch', accepted: 3, refused: 0 });
    expect(batch.items.map(({ status, capture }) => [status, capture?.url, capture?.tags])).toEqual([
      [202, urlOf(1), { customer: '42', month: 'may' }],
      [202, urlOf(2), { customer: '42', month: 'june' }],
      [202, GOOD.url, { customer: '42', month: 'may' }],
    ]);
    expect(await captures()).toEqual([urlOf(1), urlOf(2), GOOD.url]);
    expect(JSON.stringify(batch)).not.toContain('canary-value');
  });

  test('refuses what is wrong by itself, with what it would be refused with alone', async () => {
    const items = [
      { url: urlOf(1) },
      { url: 'https://elsewhere.example.net/' },
      { url: urlOf(2), output: { format: 'gif' } },
      { url: urlOf(3), dryRun: true },
    ];
    const { batch } = await send({ defaults: { output: GOOD.output }, items });
    expect(batch.items.map(({ status, problem }) => [status, problem?.code])).toEqual([
      [202, undefined],
      [403, 'domain_not_allowed'],
      [422, 'invalid_request'],
      [422, 'invalid_request'],
    ]);
    expect([batch.accepted, batch.refused]).toEqual([1, 3]);
    const alone = problemOf(await bed.call('/api/captures', { body: { output: GOOD.output, ...items[1] } }));
    expect(batch.items[1]?.problem?.detail).toBe(alone.detail);
    expect(await captures()).toEqual([urlOf(1)]);
  });

  test('with a key, a repeat makes nothing anew and tries again what was refused', async () => {
    const headers = { 'idempotency-key': 'month-7' };
    const body = { defaults: GOOD, items: [{ url: urlOf(1) }, { url: 'https://new.example.org/' }] };
    const first = (await send(body, headers)).batch;
    await bed.sql(
      `insert into allowed_domain select (jsonb_populate_record(allowed_domain, '{"id": "dom_later", "host": "new.example.org"}')).* from allowed_domain limit 1`,
    );
    const again = (await send(body, headers)).batch;
    expect(again.items.map(({ status, replayed }) => [status, replayed])).toEqual([
      [202, true],
      [202, false],
    ]);
    expect(again.items[0]?.capture).toEqual(first.items[0]?.capture);
    expect(await captures()).toHaveLength(2);
    const other = (await send({ ...body, items: [{ url: urlOf(9) }] }, headers)).batch;
    expect(other.items[0]).toMatchObject({ status: 422, problem: { code: 'idempotency_key_reused' } });
  });

  test('takes what the queue has room for, and says when to come with the rest', async () => {
    const items = Array.from({ length: 100 }, (_, n) => ({ url: urlOf(n) }));
    expect((await send({ defaults: GOOD, items })).batch.accepted).toBe(100);
    const { batch, headers } = await send({ defaults: GOOD, items });
    expect([batch.accepted, batch.refused]).toEqual([20, 80]);
    expect(batch.items.slice(20).every(({ problem }) => problem?.code === 'queue_full')).toBe(true);
    expect(Number(headers.get('retry-after'))).toBe(300);
  });

  test('a full queue is asked about once where nothing can be a replay, and each time where something can', async () => {
    const items = Array.from({ length: 100 }, (_, n) => ({ url: urlOf(n) }));
    await send({ defaults: GOOD, items });
    await send({ defaults: GOOD, items: items.slice(0, 20) }, { 'idempotency-key': 'before' });
    const { batch } = await send({ defaults: GOOD, items: items.slice(0, 30) }, { 'idempotency-key': 'before' });
    expect(batch.items.map(({ status }) => status)).toEqual([...Array(20).fill(202), ...Array(10).fill(429)]);
    const { batch: without } = await send({ defaults: GOOD, items: [{}, { url: 'https://elsewhere.example.net/' }] });
    expect(without.items.map(({ problem }) => problem?.code)).toEqual(['queue_full', 'queue_full']);
  });

  test.each([
    ['no items', { items: [] }, 'invalid_request'],
    ['too many items', { items: Array.from({ length: 101 }, () => GOOD) }, 'invalid_request'],
    ['items that are none', { items: [1] }, 'invalid_request'],
    ['an unknown member', { defualts: {}, items: [GOOD] }, 'invalid_request'],
    ['no object', [GOOD], 'invalid_request'],
  ])('refuses %s as a whole', async (_name, body, code) => {
    expect(problemOf(await post(body)).code).toBe(code);
    expect(await captures()).toEqual([]);
  });

  test('refuses a key that has no room for the numbers of items, and a caller who may make none', async () => {
    const long = await post({ items: [GOOD] }, { 'idempotency-key': 'k'.repeat(251) });
    expect(problemOf(long)).toMatchObject({ code: 'invalid_idempotency_key', detail: expect.stringContaining('1 to 250') });
    expect((await send({ items: [GOOD] }, { 'idempotency-key': 'k'.repeat(250) })).batch.accepted).toBe(1);
    const reader = await bed.makeKey({ scopes: ['captures:read'] });
    expect(problemOf(await post({ items: [GOOD] }, {}, reader)).code).toBe('insufficient_scope');
  });
});

test('merging lays objects member by member, and reaches no prototype', () => {
  expect(merge({ a: { b: 1, c: [1] }, d: 1 }, { a: { c: [2] }, d: null })).toEqual({ a: { b: 1, c: [2] }, d: null });
  const merged = merge({}, JSON.parse('{"__proto__": {"polluted": true}}'));
  expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});
