import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authenticateRunner, createRunner, revokeRunner } from '#server/domain/access/runners.ts';
import { failure } from '#shared/failure.ts';
import type { Claim } from '#shared/runner-protocol.ts';
import { SCOPES } from '#shared/scopes.ts';
import type { Answer } from '../api/api-bed.ts';
import { createFakeRunner } from '../api/fake-runner.ts';
import { type AccessBed, createAccessBed } from './access-bed.ts';
import { callByConsole, callByOperator, listProcedures, type Procedure } from './call-procedure.ts';
import { PROCEDURES } from './cases/procedures.ts';
import { ROUTES } from './cases/routes.ts';

/**
 * Row 5 of the security model: somebody has taken over a runner and tries with its token what a runner has no business with.
 * Each is refused and in the audit log with the runner's id. What it tries at the doors of others: runner-elsewhere.test.ts.
 * What its process holds at all: tests/e2e/running-instance.test.ts.
 */
let bed: AccessBed;
let thief: { id: string; token: string };
beforeAll(async () => {
  bed = await createAccessBed();
});
afterAll(() => bed?.close());
beforeEach(async () => {
  const { runner, token } = await createRunner(bed.api.app.deps, { name: 'taken-over' });
  thief = { id: runner.id, token };
});

const asThief = () => ({ authorization: `Bearer ${thief.token}` });
/** What the audit log has of the runner that was taken over: action, target and reason, by how often. */
async function recorded(): Promise<Record<string, number>> {
  const rows = await bed.api.sql(
    `select action || ' ' || coalesce(target, '-') || ': ' || detail as what, count(*)::int as times from audit_event
     where actor_kind = 'runner' and actor_id = $1 and outcome = 'refused' and address = '127.0.0.1' group by 1`,
    [thief.id],
  );
  return Object.fromEntries(rows.map(({ what, times }) => [String(what), Number(times)]));
}

describe('the token', () => {
  /** What is for anybody is no theft. */
  const guarded = listProcedures().filter(({ path }) => PROCEDURES[path]?.access !== 'anyone');

  test('opens no procedure of the console', async () => {
    const subject = await bed.first.makeSubject();
    const before = await bed.first.picture();
    const heard = await tryAll(guarded, (procedure) =>
      callByConsole(bed.api, procedure, PROCEDURES[procedure.path]?.input?.(subject, bed.unique()), {
        ...asThief(),
        'x-forwarded-for': '127.0.0.1',
      }),
    );
    expect(heard).toEqual(guarded.map(({ path }) => [path, 'not_signed_in']));
    expect(await bed.first.picture()).toEqual(before);
    // Turned away before anybody asks who it is: without the header of our own pages.
    expect((await bed.api.call('/trpc/keys.create', { key: null, headers: asThief(), body: { name: 'x' } })).status).toBe(403);
    expect(await recorded()).toEqual({ 'runner.use -: at the door of the console': guarded.length + 1 });
  });

  test('opens no procedure of the operator, nor its other calls', async () => {
    const subject = await bed.first.makeSubject();
    const before = await bed.first.picture();
    const heard = await tryAll(guarded, (procedure) =>
      callByOperator(bed.api, procedure, PROCEDURES[procedure.path]?.input?.(subject, bed.unique()), asThief()),
    );
    expect(heard).toEqual(guarded.map(({ path }) => [path, 'forbidden']));
    for (const [method, path] of [
      ['GET', 'status'],
      ['POST', 'stop'],
      ['POST', 'sign-in-link'],
    ] as const)
      expect((await bed.api.call(`/operator/v1/${path}`, { key: null, method, headers: asThief() })).status).toBe(403);
    expect(await bed.first.picture()).toEqual(before);
    expect(await recorded()).toEqual({ 'runner.use -: at the door of the operator': guarded.length + 3 });
  });

  test('is no API key, in either header', async () => {
    const subject = await bed.first.makeSubject();
    const before = await bed.first.picture();
    let tries = 0;
    for (const [route, cases] of Object.entries(ROUTES)) {
      const [method = '', url = ''] = route.split(' ');
      for (const { door, path, body } of cases.filter((one) => one.door === 'key')) {
        for (const headers of [asThief(), { 'x-api-key': thief.token }]) {
          const answer = await bed.api.call(path?.(subject) ?? url, { method, key: null, headers, body: body?.(subject) });
          expect([route, door, answer.status]).toEqual([route, 'key', 401]);
          tries += 1;
        }
      }
    }
    expect(await bed.first.picture()).toEqual(before);
    expect(tries).toBeGreaterThan(10);
    expect(await recorded()).toEqual({ 'runner.use -: at the door of the api': tries });
  });

  test('is worth nothing once it is revoked, and its use is recorded', async () => {
    const { deps } = bed.api.app;
    await revokeRunner(deps, bed.api.operator, thief.id);
    expect((await call('/claim', { waitMs: 0 })).status).toBe(401);
    expect(await recorded()).toEqual({ 'runner.use -: revoked': 1 });
    await expect(authenticateRunner(deps, thief.token)).rejects.toMatchObject({ code: 'invalid_api_key' });
  });
});

describe('the job of another runner', () => {
  test('can be neither claimed, kept, finished, failed nor given back: with a guessed lease, and with the stolen one', async () => {
    const victim = createFakeRunner(bed.api);
    const { capture } = await bed.first.makeSubject();
    const held = await victim.claimOf(capture);
    const guessed = randomBytes(32).toString('base64url');
    const jobBefore = await bed.api.sql('select * from job where id = $1', [held.jobId]);

    expect((await call('/claim', { jobId: held.jobId })).status).toBe(204);
    for (const leaseToken of [guessed, held.leaseToken])
      for (const [path, body] of reportsOf(held)) {
        const answer = await call(`/jobs/${held.jobId}/${path}`, { ...body, leaseToken });
        expect([path, answer.status]).toEqual([path, 409]);
        expect(answer.text).not.toContain(held.sealed);
      }
    expect(await bed.api.sql('select * from job where id = $1', [held.jobId])).toEqual(jobBefore);
    const because = 'not the lease of this runner';
    expect(await recorded()).toEqual({
      [`runner.claim ${held.jobId}: held by another runner`]: 1,
      [`runner.heartbeat ${held.jobId}: ${because}`]: 2,
      [`runner.complete ${held.jobId}: ${because}`]: 2,
      [`runner.fail ${held.jobId}: ${because}`]: 2,
      [`runner.release ${held.jobId}: ${because}`]: 2,
    });
    // It is as it was: its own runner finishes it.
    await victim.complete(held);
    expect(await bed.api.sql('select status from capture where id = $1', [capture])).toEqual([{ status: 'succeeded' }]);
  });

  test('a job that there is not is refused and recorded like one of another', async () => {
    const jobId = 'job_01ARZ3NDEKTSV4RRFFQ69G5FAV';
    expect((await call(`/jobs/${jobId}/release`, { leaseToken: 'x'.repeat(43) })).status).toBe(409);
    expect(await recorded()).toEqual({ [`runner.release ${jobId}: not the lease of this runner`]: 1 });
  });
});

test('an API key of the workspace is no runner’s token either', async () => {
  const key = await bed.first.makeKey(SCOPES);
  expect((await bed.api.call('/runner/v1/claim', { key, body: { waitMs: 0 } })).status).toBe(401);
});

async function tryAll(procedures: readonly Procedure[], attempt: (procedure: Procedure) => Promise<{ code: string }>) {
  const heard: [string, string][] = [];
  for (const procedure of procedures) heard.push([procedure.path, (await attempt(procedure)).code]);
  return heard;
}

async function call(path: string, body: object): Promise<Answer> {
  return await bed.api.call(`/runner/v1${path}`, { key: null, headers: asThief(), body, signal: AbortSignal.timeout(10_000) });
}

/** Every report that a runner can send about a job, without the lease token. */
function reportsOf({ limits }: Claim): [string, object][] {
  const observed = { finalUrl: null, httpStatus: 200, verdict: 'authenticated' };
  const asset = {
    contentType: 'image/png',
    bytes: Math.min(1, limits.assetBytesMax),
    sha256: 'a'.repeat(64),
    width: 1,
    height: 1,
    pages: null,
  };
  return [
    ['heartbeat', { step: 'navigate' }],
    ['complete', { observed, asset }],
    ['fail', { observed: {}, failure: failure('internal', 'navigate'), sideEffects: true }],
    ['release', {}],
  ];
}
