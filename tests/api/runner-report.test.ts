import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Claim } from '#shared/runner-protocol.ts';
import { type ApiBed, createApiBed, GOOD, textOf } from './api-bed.ts';
import { createFakeRunner } from './fake-runner.ts';

// What pages call things comes back in the report of a runner: no text of it may keep the outcome of a capture from being filed.
let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed();
});
afterAll(() => bed?.close());

/** Texts as PostgreSQL refuses them, and as they are kept. */
const BROKEN = 'a\u0000b\ud800c\udc00';
const KEPT = 'a\ufffdb\ufffdc\ufffd';

const observed = (text: string) => ({
  finalUrl: `https://app.example.com/${text}`,
  httpStatus: 200,
  verdict: 'unverified',
  readiness: { settledBy: text, heldBy: text },
  egress: { hosts: [text], blocked: [{ host: text, reason: text }] },
  auth: { cookies: 1, origins: 0, rejected: [{ name: text, reason: text }] },
  controls: { readOnly: { blocked: [{ method: text, url: text, kind: text, count: 1 }] }, reproducible: { fixed: [text] } },
});
const asset = { contentType: 'image/png', bytes: 20, sha256: 'a'.repeat(64), width: 1, height: 1, pages: null };

async function claimOne(): Promise<{ id: string; claim: Claim; runner: ReturnType<typeof createFakeRunner> }> {
  const runner = createFakeRunner(bed);
  const id = textOf(await bed.call('/api/captures', { body: GOOD }), 'id');
  return { id, claim: await runner.claimOf(id), runner };
}

test('a failure is filed whatever its texts hold, with the broken characters replaced', async () => {
  const { id, claim, runner } = await claimOne();
  const failure = { code: 'expectation_failed', detail: BROKEN, step: 'settle' };
  const report = { leaseToken: claim.leaseToken, failure, observed: observed(BROKEN), sideEffects: true };
  expect(await runner.call(`/jobs/${claim.jobId}/fail`, report)).toMatchObject({ status: 200, body: { settled: true } });
  const answer = await bed.call(`/api/captures/${id}`);
  expect(answer.body).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining(KEPT) },
    egress: { hosts: [KEPT], blocked: [{ host: KEPT, reason: KEPT }] },
    readiness: { settledBy: KEPT, heldBy: KEPT },
    auth: { rejected: [{ name: KEPT, reason: KEPT }] },
    controls: { readOnly: { blocked: [{ method: KEPT, url: KEPT, kind: KEPT }] }, reproducible: { fixed: [KEPT] } },
  });
});

test('a result is filed whatever its texts hold', async () => {
  const { id, claim, runner } = await claimOne();
  const bytes = new TextEncoder().encode('not really a picture');
  expect((await fetch(claim.upload.url, { method: 'PUT', headers: claim.upload.headers, body: bytes })).status).toBe(201);
  const report = {
    leaseToken: claim.leaseToken,
    observed: observed(BROKEN),
    asset: { ...asset, contentType: claim.upload.headers['x-ms-blob-content-type'] ?? 'image/png' },
  };
  expect((await runner.call(`/jobs/${claim.jobId}/complete`, report)).status).toBe(200);
  expect((await bed.call(`/api/captures/${id}`)).body).toMatchObject({ status: 'succeeded', egress: { hosts: [KEPT] } });
});

test('no report is answered by a fault of ours: broken tokens, numbers that no column holds, nesting without end', async () => {
  const { claim, runner } = await claimOne();
  const path = `/jobs/${claim.jobId}`;
  const lease = { leaseToken: claim.leaseToken };
  const broken = { leaseToken: `${'x'.repeat(30)}${BROKEN}` };
  const fault = { failure: { code: 'internal', detail: '', step: null } };
  const cases: [string, unknown, number][] = [
    [`${path}/heartbeat`, { ...broken, step: 'navigate' }, 409],
    [`${path}/heartbeat`, { ...lease, step: BROKEN }, 422],
    [`${path}/release`, broken, 409],
    [`${path}/fail`, { ...lease, ...fault, observed: { httpStatus: 3_000_000_000 } }, 422],
    [`${path}/fail`, { ...lease, ...fault, observed: {}, [BROKEN]: 1 }, 422],
    [`${path}/complete`, { ...lease, observed: {}, asset: { ...asset, height: 3_000_000_000 } }, 422],
    ['/claim', { jobId: BROKEN }, 422],
    ['/claim', { sandbox: BROKEN }, 422],
    ['/claim', { browser: { version: BROKEN, isOld: false } }, 422],
  ];
  for (const [at, body, status] of cases) expect([at, (await runner.call(at, body)).status]).toEqual([at, status]);
  const raw = `{"leaseToken":"${claim.leaseToken}","observed":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  const deep = await bed.call(`/runner/v1${path}/fail`, { key: bed.runnerToken, raw, headers: { 'content-type': 'application/json' } });
  expect(deep.status).toBe(422);
});
