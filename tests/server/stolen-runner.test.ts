import { generateKeyPair } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPayload, type PayloadKeys } from '#runner/open-payload.ts';
import type { RunnerActor } from '#server/domain/access/actor.ts';
import { listAudit } from '#server/domain/access/read-audit.ts';
import { countOnlineRunners, noteBrowsers, readBrowsers } from '#server/domain/access/runners.ts';
import { readCapture } from '#server/domain/captures/read-captures.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { completeJob } from '#server/domain/jobs/complete-job.ts';
import type { Claim } from '#shared/runner-protocol.ts';
import { capture, completion, createDomainBed, type DomainBed, upload } from './domain-bed.ts';

/**
 * What whoever has taken over a runner can do: the lines of docs/threat-model.md that say "nothing holds it". They are shown
 * here so that the document says no less than the truth; what is refused to it: tests/security/runner-credentials.test.ts.
 */
const COOKIE = 'canary-of-a-session';
const FORGED = new TextEncoder().encode('a picture of no page');
const SIGNED_IN = { auth: { cookies: [{ name: 'sid', value: COOKIE }] } };
let bed: DomainBed;
let thief: RunnerActor;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed.close());
beforeEach(async () => {
  await bed.sql('delete from capture');
  thief = await bed.addRunner();
});

async function claim(): Promise<Claim> {
  const claimed = await claimJob(bed.deps, thief, {});
  if (!claimed) throw new Error('There was nothing to claim');
  return claimed;
}
async function complete(claimed: Claim): Promise<void> {
  expect((await upload(claimed, FORGED)).status).toBe(201);
  const said = completion(claimed, FORGED);
  await completeJob(bed.deps, thief, claimed.jobId, { ...said, observed: { ...said.observed, verdict: 'authenticated' } });
}
/** Opens what was claimed, as a runner does with the keys that it has. */
const open = ({ sealed, captureId, workspaceId, limits }: Claim, keys: PayloadKeys) =>
  openPayload(keys, { sealed, captureId, workspaceId, domains: limits.domains });

describe('with the token alone', () => {
  test('it claims what waits and cannot read it', async () => {
    await capture(bed, SIGNED_IN);
    const claimed = await claim();
    const { privateKey } = await generateKeyPair('ECDH-ES', { crv: 'X25519' }); // another, under the same name
    expect(await open(claimed, new Map([['pool-1', privateKey]]))).toMatchObject({ ok: false, failure: { code: 'payload_unreadable' } });
    expect(JSON.stringify(claimed)).not.toContain(COOKIE);
  });

  test('a picture of its own making is believed; attempt and audit log say whose it is', async () => {
    const made = await capture(bed, SIGNED_IN);
    await complete(await claim());
    const view = await readCapture(bed.deps, bed.key, made.id);
    expect(view).toMatchObject({ status: 'succeeded', verdict: 'authenticated', attempts: [{ runner: thief.runnerId }] });
    expect(new Uint8Array(await (await fetch(view.asset?.url ?? '')).arrayBuffer())).toEqual(FORGED);
    const { data } = await listAudit(bed.deps, bed.operator, { limit: 10, action: 'payload.open', actorId: thief.runnerId });
    expect(data).toMatchObject([{ target: made.id, actor: { kind: 'runner', id: thief.runnerId } }]);
  });

  test('what it says of its sandbox is believed', async () => {
    await noteBrowsers(bed.deps, thief, { sandbox: 'on' });
    await bed.sql('update runner set last_seen_at = null where id <> $1', [thief.runnerId]);
    expect([await countOnlineRunners(bed.deps), (await readBrowsers(bed.deps)).sandbox]).toEqual([1, 'on']);
  });
});

describe('with the token and the key of the pool', () => {
  test('it opens all that waits, of every workspace; what is final is gone', async () => {
    const other = await bed.addWorkspace();
    await capture(bed, SIGNED_IN);
    await capture(bed, SIGNED_IN, other);
    const claims = [await claim(), await claim()];
    expect(new Set(claims.map(({ workspaceId }) => workspaceId))).toEqual(new Set([bed.key.workspaceId, other.workspaceId]));
    const keys = new Map([['pool-1', bed.privateKey]]);
    for (const claimed of claims) {
      expect(await open(claimed, keys)).toMatchObject({ ok: true, auth: { cookies: [{ name: 'sid', value: COOKIE }] } });
      await complete(claimed);
    }
    expect(await claimJob(bed.deps, thief, {})).toBeNull();
    expect(await bed.sql('select 1 from capture_payload')).toEqual([]);
  });
});
