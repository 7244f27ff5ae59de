import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiBed, createApiBed, GOOD, problemOf, textOf } from './api-bed.ts';
import { createFakeRunner } from './fake-runner.ts';

let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed();
});
afterAll(() => bed?.close());

const post = (body: unknown, headers: Record<string, string> = {}) => bed.call('/api/captures', { body, headers });

describe('POST /api/captures', () => {
  test('answers 202 with the id, its path and the status queued', async () => {
    const answer = await post({ ...GOOD, tags: { customer: '42' }, reference: 'invoice-7' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      object: 'capture',
      status: 'queued',
      url: GOOD.url,
      tags: { customer: '42' },
      reference: 'invoice-7',
      asset: null,
      error: null,
    });
    expect(answer.headers.get('location')).toBe(`/api/captures/${textOf(answer, 'id')}`);
    expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(Number(answer.headers.get('ratelimit-remaining'))).toBeGreaterThan(0);
  });

  test('takes the key as X-API-Key too', async () => {
    expect((await bed.call('/api/captures', { key: null, body: GOOD, headers: { 'x-api-key': bed.key } })).status).toBe(202);
  });

  test('shows the query of a URL as ?… and keeps the auth state out of the answer', async () => {
    const answer = await post({
      ...GOOD,
      url: 'https://app.example.com/r?token=canary-query#canary-fragment',
      auth: { cookies: [{ name: 'canary-name', value: 'canary-value' }] },
    });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ url: 'https://app.example.com/r?…', auth: { cookies: 1, origins: 0, rejected: [] } });
    expect(answer.text).not.toContain('canary');
  });
});

describe('Idempotency-Key', () => {
  test('a repeat answers as the first did, byte for byte, and makes no second capture', async () => {
    const headers = { 'idempotency-key': 'order-1' };
    const first = await post(GOOD, headers);
    const second = await post({ output: GOOD.output, url: GOOD.url }, headers);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.text).toBe(first.text);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(second.headers.get('idempotent-replayed')).toBe('true');
  });

  test('the same key with another body is refused', async () => {
    const headers = { 'idempotency-key': 'order-2' };
    await post(GOOD, headers);
    const answer = await post({ ...GOOD, auth: { cookies: [{ name: 'sid', value: 'another' }] } }, headers);
    expect([answer.status, problemOf(answer).code]).toEqual([422, 'idempotency_key_reused']);
  });

  test('twenty at once with one key make one capture', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(GOOD, { 'idempotency-key': 'burst' })));
    const ids = new Set(answers.filter(({ status }) => status === 202).map((answer) => textOf(answer, 'id')));
    expect(ids.size).toBe(1);
    expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
  });

  test('a refused request leaves the key free', async () => {
    const headers = { 'idempotency-key': 'order-3' };
    expect((await post({ ...GOOD, output: { format: 'gif' } }, headers)).status).toBe(422);
    expect((await post(GOOD, headers)).status).toBe(202);
  });
});

describe('Prefer: wait', () => {
  test('answers 200 with the finished capture and its signed link when it finishes in time', async () => {
    const runner = createFakeRunner(bed);
    const waiting = post(GOOD, { prefer: 'wait=30' });
    await runner.completeNext();
    const answer = await waiting;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('preference-applied')).toBe('wait=30');
    expect(answer.body).toMatchObject({ status: 'succeeded', asset: { contentType: 'image/png' } });
    await runner.rest();
  });

  test('answers 202 when the time is over, and cuts overlong waits', async () => {
    const answer = await post(GOOD, { prefer: 'respond-async, wait=0' });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([202, 'wait=0']);
  });

  test('is passed over when it cannot be read, and no answer says otherwise', async () => {
    for (const prefer of ['wait=soon', 'wait=1e3', 'wait=-1', 'wait=', 'respond-async; wait=5']) {
      const answer = await post(GOOD, { prefer });
      expect([prefer, answer.status, answer.headers.get('preference-applied')]).toEqual([prefer, 202, null]);
    }
  });

  test('is passed over for a key that may not read captures', async () => {
    const key = await bed.makeKey({ scopes: ['captures:create'] });
    const answer = await bed.call('/api/captures', { key, body: GOOD, headers: { prefer: 'wait=20' } });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([202, null]);
  });
});
