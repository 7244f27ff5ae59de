import { CompactEncrypt, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createCapture } from '#server/domain/captures/create-capture.ts';
import { dryRunCapture } from '#server/domain/captures/dry-run-capture.ts';
import { readCapture } from '#server/domain/captures/read-captures.ts';
import { createSealer } from '#server/domain/captures/seal-payload.ts';
import type { Deps } from '#server/domain/deps.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { completeJob } from '#server/domain/jobs/complete-job.ts';
import { endRevoked } from '#server/domain/jobs/end-under-key.ts';
import { heartbeatJob } from '#server/domain/jobs/heartbeat-job.ts';
import { findActiveKeys, listPoolKeys } from '#server/domain/jobs/list-pool-keys.ts';
import { revokePoolKey } from '#server/domain/jobs/revoke-pool-key.ts';
import type { Sealer } from '#server/domain/ports.ts';
import { makeId } from '#shared/ids.ts';
import { capture, codeOf, completion, createDomainBed, type DomainBed, requestOf, upload } from './domain-bed.ts';

// The life of a pool key in the database: what is sealed to it, what needs it, and its end. Two keys, new ones for each test.
const BYTES = new TextEncoder().encode('a picture');
let bed: DomainBed;
/** The bed of one server, with the keys of this test. */
let server: DomainBed;
let sealer: Sealer;
let [first, second]: [JWK & { kid: string }, JWK & { kid: string }] = [{ kid: '' }, { kid: '' }];
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed.close());
beforeEach(async () => {
  await bed.sql('delete from capture');
  [first, second] = [await makeKey(), await makeKey()];
  sealer = await createSealer({ keys: [first, second] });
  server = { ...bed, deps: { ...bed.deps, sealer } };
});

async function makeKey(): Promise<JWK & { kid: string }> {
  const { publicKey } = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
  return { ...(await exportJWK(publicKey)), kid: makeId('request') };
}
async function sealAuth(key: JWK & { kid: string }): Promise<string> {
  return await new CompactEncrypt(new TextEncoder().encode('{}'))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'ss-auth+jwe', kid: key.kid, aud: bed.key.workspaceId })
    .encrypt(await importJWK(key, 'ECDH-ES'));
}
const revoke = (kid: string, deps: Deps = server.deps) => revokePoolKey(deps, bed.operator, { kid, evenIfUnknown: false });
const payloads = () => bed.sql<{ kid: string | null; auth_kid: string | null }>('select kid, auth_kid from capture_payload');
const audited = (action: string) =>
  bed.sql<{ target: string; actor_kind: string; workspace_id: string | null; detail: string | null }>(
    'select target, actor_kind, workspace_id, detail from audit_event where action = $1 order by at desc',
    [action],
  );
const unreadable = { status: 'failed', error: { code: 'payload_unreadable', message: expect.stringContaining('Send the request again') } };

describe('revoking a key', () => {
  test('ends what waits and what runs under it, wipes both payloads, leaves what is under another key, and says so in the log', async () => {
    const waiting = await capture(server);
    const running = await capture(server);
    const other = await capture({ ...server, deps: { ...server.deps, sealer: await createSealer({ keys: [second] }) } });
    await bed.sql(`update job set available_at = now() + interval '1 hour' where capture_id <> $1`, [running.id]);
    const claimed = await claimJob(server.deps, bed.runner, {});
    if (!claimed) throw new Error('There was nothing to claim');
    const held = heartbeatJob(server.deps, bed.runner, claimed.jobId, { leaseToken: claimed.leaseToken, step: 'render' });
    const stopped = codeOf(held);
    expect(await revoke(first.kid)).toEqual({ kid: first.kid, isNew: true, ended: 2, left: 0 });
    expect(await stopped).toBe('conflict'); // its runner drops the work
    expect(await payloads()).toEqual([{ kid: second.kid, auth_kid: null }]);
    for (const { id } of [waiting, running]) expect(await readCapture(server.deps, bed.key, id)).toMatchObject(unreadable);
    expect(await readCapture(server.deps, bed.key, running.id)).toMatchObject({ attempts: [{ code: 'payload_unreadable' }] });
    expect(await readCapture(server.deps, bed.key, other.id)).toMatchObject({ status: 'queued' });
    await upload(claimed, BYTES);
    expect(await codeOf(completeJob(server.deps, bed.runner, claimed.jobId, completion(claimed, BYTES)))).toBe('conflict');
    expect((await audited('pool_key.revoke'))[0]).toEqual({ target: first.kid, actor_kind: 'operator', workspace_id: null, detail: null });
    const ended = (await audited('payload.revoke')).slice(0, 2);
    expect(ended.map(({ target }) => target).toSorted()).toEqual([waiting.id, running.id].toSorted());
    expect(ended[0]).toMatchObject({ actor_kind: 'operator', workspace_id: bed.key.workspaceId, detail: 'revoked' });
  });

  test('makes every server seal to the next key, and publish the others alone; with none left nothing is accepted', async () => {
    await revoke(first.kid);
    await capture(server);
    expect(await payloads()).toEqual([{ kid: second.kid, auth_kid: null }]);
    expect((await findActiveKeys(server.deps)).map(({ kid }) => kid)).toEqual([second.kid]);
    await revoke(second.kid);
    expect(await findActiveKeys(server.deps)).toEqual([]);
    await expect(capture(server)).rejects.toMatchObject({ code: 'unavailable', detail: expect.stringContaining('keygen --rotate') });
    expect(await payloads()).toEqual([]);
  });

  test('refuses an auth state that a client sealed to it, naming the remedy; so does a dry run', async () => {
    const request = requestOf({ auth: { sealed: await sealAuth(first) } });
    await revoke(first.kid);
    const refusal = {
      code: 'invalid_request',
      status: 422,
      errors: [{ path: 'auth.sealed', message: expect.stringContaining('GET /api/keys/runner') }],
    };
    await expect(createCapture(server.deps, bed.key, request, { body: {} })).rejects.toMatchObject(refusal);
    await expect(dryRunCapture(server.deps, bed.key, request, { body: {} })).rejects.toMatchObject(refusal);
    const anew = await createCapture(server.deps, bed.key, requestOf({ auth: { sealed: await sealAuth(second) } }), { body: {} });
    expect(anew.capture.status).toBe('queued');
  });

  test('ends what waits with such an auth state inside a payload that is sealed to another key', async () => {
    const elsewhere = { ...server, deps: { ...server.deps, sealer: await createSealer({ keys: [second] }) } };
    const made = await capture(elsewhere, { auth: { sealed: await sealAuth(first) } });
    expect(await payloads()).toEqual([{ kid: second.kid, auth_kid: first.kid }]);
    expect(await revoke(first.kid)).toMatchObject({ ended: 1, left: 0 });
    expect(await readCapture(server.deps, bed.key, made.id)).toMatchObject(unreadable);
    expect(await payloads()).toEqual([]);
  });

  test('refuses a key that nobody knows, unless told to; twice is as good as once', async () => {
    await expect(revoke('mistyped')).rejects.toMatchObject({
      code: 'invalid_request',
      detail: expect.stringContaining('runner keys list'),
    });
    expect(await bed.sql(`select 1 from revoked_pool_key where kid = 'mistyped'`)).toEqual([]);
    const gone = makeId('request');
    expect(await revokePoolKey(server.deps, bed.operator, { kid: gone, evenIfUnknown: true })).toMatchObject({ isNew: true, ended: 0 });
    expect(await revoke(gone)).toMatchObject({ isNew: false, ended: 0, left: 0 });
    expect((await audited('pool_key.revoke'))[0]).toMatchObject({ target: gone, detail: 'again' });
  });
});

describe('a key that is revoked while another server seals to it', () => {
  test('is not waited with: what was being sealed to it is sealed anew, to the next key', async () => {
    const sealing = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow: Sealer = {
      keys: async () =>
        (await sealer.keys()).map((key) => ({
          ...key,
          seal: async (...args) => {
            sealing.resolve();
            await goOn.promise;
            return await key.seal(...args);
          },
        })),
    };
    const late = capture({ ...server, deps: { ...server.deps, sealer: slow } });
    await sealing.promise;
    expect(await revoke(first.kid)).toEqual({ kid: first.kid, isNew: true, ended: 0, left: 0 });
    goOn.resolve();
    expect(await readCapture(server.deps, bed.key, (await late).id)).toMatchObject({ status: 'queued' });
    expect(await payloads()).toEqual([{ kid: second.kid, auth_kid: null }]);
  });

  test('waits for what is being taken down, and ends it', async () => {
    await bed.sql('select pg_advisory_lock(hashtextextended($1, 0))', [bed.key.workspaceId]);
    const taking = capture(server);
    const waits = `select 1 from pg_locks where locktype = 'advisory' and not granted and mode = 'ExclusiveLock'
      and database = (select oid from pg_database where datname = current_database())`;
    await expect.poll(async () => (await bed.sql(waits)).length).toBe(1);
    let isRevoked = false;
    const revoking = revoke(first.kid).then((revoked) => {
      isRevoked = true;
      return revoked;
    });
    await expect.poll(async () => (isRevoked ? 'went ahead' : (await bed.sql(waits)).length)).toBe(2);
    await bed.sql('select pg_advisory_unlock(hashtextextended($1, 0))', [bed.key.workspaceId]);
    const made = await taking;
    expect(await revoking).toEqual({ kid: first.kid, isNew: true, ended: 1, left: 0 });
    expect(await readCapture(server.deps, bed.key, made.id)).toMatchObject(unreadable);
  });

  test('leaves none of many behind, wherever each of them was', async () => {
    const other = { ...server, deps: { ...server.deps, sealer: await createSealer({ keys: [first, second] }) } };
    const making = Array.from({ length: 40 }, (_, index) => capture(index % 2 ? other : server));
    await Promise.race(making);
    const { left } = await revoke(first.kid);
    const made = await Promise.all(making);
    expect(left).toBe(0);
    const views = await Promise.all(made.map(({ id }) => readCapture(server.deps, bed.key, id)));
    const statuses = views.map(({ status, error }) => (error ? error.code : status));
    expect(new Set(statuses)).toEqual(new Set(statuses.includes('queued') ? ['payload_unreadable', 'queued'] : ['payload_unreadable']));
    expect((await payloads()).filter(({ kid }) => kid === first.kid)).toEqual([]);
    expect(await payloads()).toHaveLength(statuses.filter((status) => status === 'queued').length);
  });

  // A server of before neither holds the key nor writes its id down.
  test.each([true, false])('what slipped past all that is given to no runner, and ends (claimed: %s)', async (isClaimed) => {
    const made = await capture(server);
    await bed.sql('update capture_payload set kid = $1', [isClaimed ? null : first.kid]);
    await bed.sql('insert into revoked_pool_key values ($1, now())', [first.kid]);
    if (isClaimed) expect(await claimJob(server.deps, bed.runner, {})).toBeNull();
    else expect(await endRevoked(server.deps)).toBe(1);
    expect(await readCapture(server.deps, bed.key, made.id)).toMatchObject(unreadable);
    expect(await payloads()).toEqual([]);
    expect((await audited('payload.revoke'))[0]).toMatchObject({ target: made.id, actor_kind: 'server' });
  });

  test('a claim tells the runner which keys open nothing any more, and the log has no opening of a payload under them', async () => {
    const under = await capture(server);
    await bed.sql('insert into revoked_pool_key values ($1, now())', [first.kid]);
    expect(await claimJob(server.deps, bed.runner, {})).toBeNull();
    expect((await audited('payload.open')).filter(({ target }) => target === under.id)).toEqual([]);
    await capture(server);
    expect((await claimJob(server.deps, bed.runner, {}))?.revokedKids).toContain(first.kid);
  });
});

test('the list has what servers seal to, what may be sealed to, and what captures need, each capture under every key it needs', async () => {
  const gone = await makeKey();
  await capture(server, { auth: { sealed: await sealAuth(second) } });
  await capture({ ...server, deps: { ...server.deps, sealer: await createSealer({ keys: [gone] }) } });
  const list = (await listPoolKeys(server.deps)).filter(({ state }) => state !== 'revoked');
  expect(list).toEqual([
    { kid: first.kid, state: 'sealing', waiting: 1, running: 0, revokedAt: null },
    { kid: second.kid, state: 'published', waiting: 1, running: 0, revokedAt: null },
    { kid: gone.kid, state: 'unknown', waiting: 1, running: 0, revokedAt: null },
  ]);
  await claimJob(server.deps, bed.runner, {});
  await revoke(gone.kid);
  const after = await listPoolKeys(server.deps);
  expect(after.find(({ kid }) => kid === first.kid)).toMatchObject({ waiting: 0, running: 1 });
  expect(after.find(({ kid }) => kid === gone.kid)).toMatchObject({ state: 'revoked', waiting: 0, revokedAt: expect.any(String) });
});
