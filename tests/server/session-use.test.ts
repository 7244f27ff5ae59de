import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ApiKeyActor, UserActor } from '#server/domain/access/actor.ts';
import { createApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { readCapture } from '#server/domain/captures/read-captures.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { failJob } from '#server/domain/jobs/fail-job.ts';
import type { AuthReceipt } from '#shared/capture.ts';
import { type FailureCode, failure } from '#shared/failure.ts';
import { makeId } from '#shared/ids.ts';
import type { Claim } from '#shared/runner-protocol.ts';
import { capture, createDomainBed, type DomainBed, OBSERVED } from './domain-bed.ts';

let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed.close());
beforeEach(async () => {
  await bed.sql('delete from capture');
});

const receipt = (more: Partial<AuthReceipt> = {}): AuthReceipt => ({
  cookies: 1,
  origins: 0,
  rejected: [],
  counts: { applied: 1, replaced_by_site: 1 },
  items: [
    { kind: 'cookie', name: 'canary-sid', at: 'app.example.com', status: 'replaced_by_site' },
    { kind: 'cookie', name: 'theme', at: 'app.example.com', status: 'applied' },
  ],
  ...more,
});
const AUTH = { cookies: [{ name: 'canary-sid', value: 'v' }] };

const claim = async (): Promise<Claim> => {
  await bed.sql('update job set available_at = now()');
  const claimed = await claimJob(bed.deps, bed.runner, {});
  if (!claimed) throw new Error('There was nothing to claim');
  return claimed;
};
const fail = async (code: FailureCode, auth: AuthReceipt | null) => {
  const claimed = await claim();
  await failJob(bed.deps, bed.runner, claimed.jobId, {
    leaseToken: claimed.leaseToken,
    observed: { ...OBSERVED, auth },
    failure: failure(code, 'settle'),
  });
};

test('T3: a repeated attempt that ends at a wall says that an earlier one had used the session up', async () => {
  const made = await capture(bed, { auth: AUTH });
  await fail('browser_crashed', receipt({ sessionReplaced: true }));
  expect((await readCapture(bed.deps, bed.key, made.id)).status).toBe('queued');
  await fail('login_wall', receipt({ sessionReplaced: false }));
  expect(await readCapture(bed.deps, bed.key, made.id)).toMatchObject({
    status: 'failed',
    auth: { replacedInAttempts: [1] },
    error: { code: 'login_wall', message: expect.stringContaining('The site replaced the session in attempt 1 of this capture') },
  });
});

test('it says so too where the last attempt told nothing of its session', async () => {
  const made = await capture(bed, { auth: AUTH });
  await fail('readiness_timeout', receipt({ sessionReplaced: true }));
  await fail('readiness_timeout', null);
  expect((await readCapture(bed.deps, bed.key, made.id)).error?.message).toContain('attempt 1');
});

test('where the site left the session alone, or there was one attempt only, nothing is said', async () => {
  const first = await capture(bed, { auth: AUTH });
  await fail('login_wall', receipt({ sessionReplaced: true }));
  const second = await capture(bed, { auth: AUTH });
  await fail('browser_crashed', receipt());
  await fail('login_wall', receipt());
  for (const { id } of [first, second]) {
    const view = await readCapture(bed.deps, bed.key, id);
    expect(view.error?.message).not.toContain('attempt');
    expect(view.auth?.replacedInAttempts).toBeUndefined();
  }
});

test('the names of the parts are for API keys with captures:read; everybody else sees counts', async () => {
  const { id } = await capture(bed, { auth: AUTH });
  await fail('login_wall', receipt({ rejected: [{ name: 'canary-rejected', reason: 'canary.test is not an allowed domain' }] }));
  const { workspaceId, fingerprintKey } = bed.key;
  const user: UserActor = { kind: 'user', userId: makeId('user'), workspaceId, role: 'owner', name: 'O', sessionHash: '', fingerprintKey };
  expect((await readCapture(bed.deps, bed.key, id)).auth).toMatchObject({
    items: receipt().items,
    rejected: [{ name: 'canary-rejected' }],
  });
  const shown = (await readCapture(bed.deps, user, id)).auth;
  expect(shown).toMatchObject({ cookies: 1, counts: { applied: 1, replaced_by_site: 1 }, rejected: [{}] });
  expect(JSON.stringify(shown)).not.toMatch(/canary|theme|app\.example/);
});

test('a key that may only create sees no name in its answer', async () => {
  const { key } = await createApiKey(bed.deps, bed.operator, { name: 'creator', scopes: ['captures:create'] });
  const creator: ApiKeyActor = await authenticateApiKey(bed.deps, key, { address: '127.0.0.1' });
  const storageState = { cookies: [{ name: 'canary-tracker', value: 'v', domain: 'evil.test', path: '/' }], origins: [] };
  const made = await capture(bed, { auth: { storageState } }, creator);
  expect(made.auth).toMatchObject({ rejected: [{ name: '(not shown)' }] });
  expect(JSON.stringify(made)).not.toMatch(/canary|evil/);
});
