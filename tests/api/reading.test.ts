import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#shared/limits.ts';
import { type ApiBed, createApiBed, GOOD, problemOf, textOf } from './api-bed.ts';
import { createFakeRunner } from './fake-runner.ts';

let bed: ApiBed;
let other: string;
let done: string;
beforeAll(async () => {
  bed = await createApiBed();
  other = await bed.otherWorkspace();
  done = await create({ tags: { customer: '42', kind: 'invoice' }, reference: 'invoice-7' });
  await createFakeRunner(bed).completeNext();
});
afterAll(() => bed?.close());

async function create(more: object = {}, key = bed.key): Promise<string> {
  return textOf(await bed.call('/api/captures', { key, body: { ...GOOD, ...more } }), 'id');
}

async function idsOf(query: string): Promise<string[]> {
  const { body } = await bed.call(`/api/captures${query}`);
  return typeof body === 'object' && body !== null && 'data' in body && Array.isArray(body.data)
    ? body.data.map((each) => String(each.id))
    : [];
}

describe('GET /api/captures/{id}', () => {
  test('shows a finished capture with a signed link that gives the stored bytes', async () => {
    const answer = await bed.call(`/api/captures/${done}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: done, status: 'succeeded', attempts: [{ number: 1 }], asset: { contentType: 'image/png' } });
    const { asset, timeline } = JSON.parse(answer.text);
    expect(timeline.map((entry: { step: string }) => entry.step)).toEqual(['requested', 'queued', 'processing', 'stored', 'link_issued']);
    const file = await fetch(asset.url);
    expect([file.status, (await file.arrayBuffer()).byteLength]).toEqual([200, asset.bytes]);
    expect(Date.parse(asset.expiresAt) - Date.now()).toBeLessThanOrEqual(LIMITS.linkLifeMsDefault + 5000);
  });

  test('an unknown id, a malformed one and one of another workspace are answered byte for byte alike', async () => {
    const foreign = await create({}, other);
    const ids = [foreign, 'cap_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'nope', 'cap_', '%00', '..%2f..', 'a'.repeat(90)];
    for (const [method, tail] of [
      ['GET', ''],
      ['POST', '/links'],
      ['POST', '/cancel'],
      ['DELETE', ''],
    ] as const) {
      const answers = await Promise.all(ids.map((id) => bed.call(`/api/captures/${id}${tail}`, { method })));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
      expect(new Set(answers.map(({ text }) => text.replace(/req_\w+/, ''))).size).toBe(1);
    }
    expect((await bed.call(`/api/captures/${foreign}`, { key: other })).status).toBe(200);
  });
});

describe('GET /api/captures', () => {
  test('lists newest first, page by page, each once', async () => {
    const made = [await create({ reference: 'page' }), await create({ reference: 'page' }), await create({ reference: 'page' })];
    const seen: string[] = [];
    let cursor = '';
    for (let i = 0; i < 5; i++) {
      const answer = await bed.call(`/api/captures?reference=page&limit=2${cursor}`);
      const page = JSON.parse(answer.text);
      seen.push(...page.data.map((each: { id: string }) => each.id));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
    expect(seen).toEqual(made.toReversed());
  });

  test('filters by status, reference, tags and time', async () => {
    expect(await idsOf('?status=succeeded')).toEqual([done]);
    expect(await idsOf('?reference=invoice-7')).toEqual([done]);
    expect(await idsOf('?tag.customer=42&tag.kind=invoice')).toEqual([done]);
    expect(await idsOf('?tag.customer=43')).toEqual([]);
    expect(await idsOf('?host=app.example.com&status=succeeded')).toEqual([done]);
    expect(await idsOf('?createdAfter=2999-01-01T00:00:00Z')).toEqual([]);
    expect(await idsOf('?createdBefore=2999-01-01T00:00:00%2B02:00&status=succeeded')).toEqual([done]);
  });

  test('shows nothing of another workspace', async () => {
    const foreign = await create({ reference: 'foreign' }, other);
    expect(await idsOf('?reference=foreign')).toEqual([]);
    expect(await idsOf(`?limit=100`)).not.toContain(foreign);
  });

  const faults: [string, string][] = [
    ['?status=done', 'status'],
    ['?limit=0', 'limit'],
    ['?limit=101', 'limit'],
    ['?limit=ten', 'limit'],
    ['?limit=1&limit=2', 'limit'],
    ['?createdAfter=yesterday', 'createdAfter'],
    ['?createdAfter=0000-01-01T00:00:00Z', 'createdAfter'],
    ['?cursor=abc', 'cursor'],
    ['?reference=%00', 'reference'],
    ['?tag.a=%00', 'tags.a'],
    ['?tag.=x', 'tags.'],
    ['?referense=x', 'referense'],
  ];
  test.each(faults)('%s is refused with the name of the parameter', async (query, path) => {
    const answer = await bed.call(`/api/captures${query}`);
    expect([answer.status, problemOf(answer).code]).toEqual([422, 'invalid_request']);
    expect(problemOf(answer).errors?.map((error) => error.path)).toEqual([path]);
  });
});

describe('links, cancel, delete', () => {
  test('a new link lives as long as was asked', async () => {
    const answer = await bed.call(`/api/captures/${done}/links`, { body: { ttl: 600_000 } });
    expect(answer.status).toBe(201);
    expect(Math.abs(Date.parse(textOf(answer, 'expiresAt')) - Date.now() - 600_000)).toBeLessThan(10_000);
    expect((await fetch(textOf(answer, 'url'))).status).toBe(200);
    expect((await bed.call(`/api/captures/${done}/links`, { method: 'POST' })).status).toBe(201);
  });

  test.each([
    [{ ttl: 59_999 }, 'ttl'],
    [{ ttl: 3_600_001 }, 'ttl'],
    [{ ttl: '1h' }, 'ttl'],
    [{ tll: 1 }, 'tll'],
  ])('%j is refused', async (body, path) => {
    const answer = await bed.call(`/api/captures/${done}/links`, { body });
    expect([answer.status, problemOf(answer).errors?.[0]?.path]).toEqual([422, path]);
  });

  test('there is no link for a capture without an asset', async () => {
    const answer = await bed.call(`/api/captures/${await create()}/links`, { method: 'POST' });
    expect([answer.status, problemOf(answer).code]).toEqual([409, 'conflict']);
  });

  test('a queued capture that is canceled never runs; a finished one cannot be canceled', async () => {
    const id = await create();
    const canceled = await bed.call(`/api/captures/${id}/cancel`, { method: 'POST' });
    expect([canceled.status, textOf(canceled, 'status')]).toEqual([200, 'canceled']);
    const again = await bed.call(`/api/captures/${done}/cancel`, { method: 'POST', body: {} });
    expect([again.status, problemOf(again).code]).toEqual([409, 'conflict']);
  });

  test('a deleted capture is gone, and its file with it, before the answer', async () => {
    const id = await create();
    await createFakeRunner(bed).completeNext();
    const { asset } = JSON.parse((await bed.call(`/api/captures/${id}`)).text);
    const answer = await bed.call(`/api/captures/${id}`, { method: 'DELETE', headers: { 'content-type': 'application/json' } });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await fetch(asset.url)).status).toBe(404);
    expect((await bed.call(`/api/captures/${id}`)).status).toBe(404);
    expect((await bed.call(`/api/captures/${id}`, { method: 'DELETE' })).status).toBe(404);
  });
});

describe('404 and 405', () => {
  test.each([
    ['/api/captures', 'PUT', 'GET, HEAD, POST'],
    ['/api/captures', 'DELETE', 'GET, HEAD, POST'],
    ['/api/captures/x', 'PATCH', 'DELETE, GET, HEAD'],
    ['/api/captures/x/cancel', 'GET', 'POST'],
    ['/api/openapi.json', 'POST', 'GET, HEAD'],
  ])('%s does not know %s', async (path, method, allow) => {
    const answer = await bed.call(path, { method });
    expect([answer.status, problemOf(answer).code, answer.headers.get('allow')]).toEqual([405, 'method_not_allowed', allow]);
  });

  test.each([
    '/api',
    '/api/',
    '/api/nope',
    '/api/captures/',
    '/api/captures/x/y',
    '/trpc',
    '/runner/v1/nope',
    '/operator/v1',
    '/api/captures/%E0%A4%A',
  ])('%s is a 404 problem without a key too', async (path) => {
    for (const method of ['GET', 'POST']) {
      const answer = await bed.call(path, { key: null, method });
      expect([404, 401, 403]).toContain(answer.status);
      expect(problemOf(answer).requestId).toBe(answer.headers.get('x-request-id'));
    }
  });
});
