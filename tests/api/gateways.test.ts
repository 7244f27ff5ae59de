import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiBed, createApiBed, GOOD, OPERATOR_TOKEN, problemOf, textOf } from './api-bed.ts';
import { createFakeRunner } from './fake-runner.ts';

let bed: ApiBed;
let stops = 0;
beforeAll(async () => {
  bed = await createApiBed({ onStop: () => void stops++ });
});
afterAll(() => bed?.close());

const operate = (path: string, body?: unknown, key: string | null = OPERATOR_TOKEN) =>
  bed.call(`/operator/v1/${path}`, { method: 'POST', key, body });

describe('/runner/v1', () => {
  test('needs a runner token: an API key, the operator token, a cookie or nothing will not do', async () => {
    for (const key of [null, bed.key, OPERATOR_TOKEN, 'ss_run_x']) {
      const answer = await bed.call('/runner/v1/claim', { key, body: {}, headers: { cookie: bed.cookie } });
      expect([answer.status, problemOf(answer).code]).toEqual([401, 'invalid_api_key']);
    }
  });

  test('a runner token opens nothing else', async () => {
    for (const path of ['/api/captures', '/trpc/keys.list', '/operator/v1/status'])
      expect([401, 403]).toContain((await bed.call(path, { key: bed.runnerToken })).status);
  });

  test('answers 204 when there is nothing, and wakes a waiting runner when there is', async () => {
    const runner = createFakeRunner(bed);
    await runner.rest();
    expect(await runner.claim(0)).toBeNull();
    const waiting = runner.claim(25_000);
    const startedAt = Date.now();
    const id = textOf(await bed.call('/api/captures', { body: GOOD }), 'id');
    const claim = await waiting;
    expect(Date.now() - startedAt).toBeLessThan(5000);
    expect(claim).toMatchObject({ captureId: id, attempt: 1, leaseMs: 30_000 });
    if (claim) await runner.complete(claim);
  });

  test('a runner that hangs up while it waits leaves no job behind', async () => {
    const runner = createFakeRunner(bed);
    await runner.rest();
    const gone = new AbortController();
    const waiting = fetch(`${bed.app.url}/runner/v1/claim`, {
      method: 'POST',
      signal: gone.signal,
      headers: { authorization: `Bearer ${bed.runnerToken}`, 'content-type': 'application/json' },
      body: '{"waitMs":25000}',
    });
    await bed.call('/healthz');
    gone.abort();
    await expect(waiting).rejects.toThrow();
    const id = textOf(await bed.call('/api/captures', { body: GOOD }), 'id');
    expect((await runner.claimOf(id)).attempt).toBe(1);
  });

  test('a cancel answers a held heartbeat at once', async () => {
    const runner = createFakeRunner(bed);
    await runner.rest();
    const id = textOf(await bed.call('/api/captures', { body: GOOD }), 'id');
    const claim = await runner.claimOf(id);
    const beat = runner.call(`/jobs/${claim.jobId}/heartbeat`, { leaseToken: claim.leaseToken, step: 'navigate' });
    await expect.poll(async () => (await bed.sql('select step from job where id = $1', [claim.jobId]))[0]?.step).toBe('navigate');
    const startedAt = Date.now();
    expect((await bed.call(`/api/captures/${id}/cancel`, { method: 'POST' })).status).toBe(200);
    expect((await beat).body).toMatchObject({ canceled: true });
    expect(Date.now() - startedAt).toBeLessThan(2000);
  });

  const faults: [string, string, unknown, number][] = [
    ['a claim with an unknown key', '/claim', { wait: 1 }, 422],
    ['a claim that waits too long', '/claim', { waitMs: 25_001 }, 422],
    ['a job id of another form', '/jobs/nope/heartbeat', { leaseToken: 'x'.repeat(20), step: 'store' }, 404],
    ['a heartbeat without its token', '/jobs/job_01ARZ3NDEKTSV4RRFFQ69G5FAV/heartbeat', { step: 'store' }, 422],
    [
      'a heartbeat of a job that is not there',
      '/jobs/job_01ARZ3NDEKTSV4RRFFQ69G5FAV/heartbeat',
      { leaseToken: 'x'.repeat(20), step: 'store' },
      409,
    ],
    ['a lease that is not ours', '/jobs/job_01ARZ3NDEKTSV4RRFFQ69G5FAV/release', { leaseToken: 'x'.repeat(20) }, 409],
  ];
  test.each(faults)('%s', async (_name, path, body, status) => {
    expect((await createFakeRunner(bed).call(path, body)).status).toBe(status);
  });
});

describe('/operator/v1', () => {
  test('needs the operator token', async () => {
    for (const key of [null, bed.key, bed.runnerToken, `${OPERATOR_TOKEN}x`]) {
      const answer = await operate('keys.list', undefined, key);
      expect([answer.status, problemOf(answer).code]).toEqual([403, 'forbidden']);
    }
  });

  test('calls procedures by their path and answers their data', async () => {
    const created = await operate('keys.create', { name: 'by hand', scopes: ['captures:read'] });
    expect(created.status).toBe(200);
    const { data } = JSON.parse(created.text);
    expect((await bed.call('/api/captures', { key: data.key })).status).toBe(200);
    expect((await operate('domains.add', { domain: 'localhost:8443', isPrivate: true })).body).toMatchObject({
      data: { domain: 'localhost:8443', isPrivate: true },
    });
    expect((await operate('domains.check', { url: 'https://localhost:8443/' })).body).toMatchObject({ data: { allowed: true } });
    expect((await operate('runners.createToken', { name: 'office' })).body).toMatchObject({
      data: { runner: { name: 'office' }, token: expect.stringMatching(/^ss_run_/) },
    });
    expect((await operate('sign-in-link')).body).toMatchObject({
      data: { url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/sign-in#token=/) },
    });
  });

  test('refuses with problems: bad input, unknown procedures, streams, things of the console', async () => {
    const cases: [string, unknown, number, string][] = [
      ['keys.create', {}, 422, 'invalid_request'],
      ['keys.create', { name: 'x', skopes: [] }, 422, 'invalid_request'],
      ['keys.nope', {}, 404, 'not_found'],
      ['__proto__', {}, 404, 'not_found'],
      ['toString', {}, 404, 'not_found'],
      ['captures.onChange', {}, 404, 'not_found'],
      ['auth.signOut', undefined, 403, 'forbidden'],
    ];
    for (const [path, body, status, code] of cases) {
      const answer = await operate(path, body);
      expect([path, answer.status, problemOf(answer).code]).toEqual([path, status, code]);
    }
  });

  test('asks which workspace where there are several', async () => {
    await bed.otherWorkspace();
    const vague = await operate('keys.list');
    expect([vague.status, problemOf(vague).detail]).toEqual([422, expect.stringContaining('--workspace')]);
    const named = await bed.call('/operator/v1/keys.list', {
      method: 'POST',
      key: OPERATOR_TOKEN,
      headers: { 'x-sessionshot-workspace': 'first' },
    });
    expect(named.status).toBe(200);
  });

  test('tells the status, and stops when asked', async () => {
    const status = await bed.call('/operator/v1/status', { key: OPERATOR_TOKEN });
    expect(status.body).toMatchObject({ data: { database: 'ok', storage: 'ok', queue: 'ok', pid: process.pid, url: bed.app.url } });
    expect(status.body).toMatchObject({ data: { work: { running: expect.any(Number), waiting: expect.any(Number) } } });
    expect(await operate('stop')).toMatchObject({ status: 202, body: { data: { stopping: true, work: { running: expect.any(Number) } } } });
    await expect.poll(() => stops).toBe(1);
  });
});
