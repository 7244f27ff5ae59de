import { compactDecrypt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { createCapture } from '#server/domain/captures/create-capture.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { capture, codeOf, createDomainBed, type DomainBed, requestOf } from './domain-bed.ts';

let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed.close());

const rows = async (id: string) => ({
  captures: (await bed.sql('select 1 from capture where id = $1', [id])).length,
  jobs: (await bed.sql('select 1 from job where capture_id = $1 and announced_at is null', [id])).length,
  payloads: (await bed.sql('select 1 from capture_payload where capture_id = $1', [id])).length,
});

describe('accepting a capture', () => {
  test('capture, outbox row and sealed payload are there when the answer is', async () => {
    const made = await capture(bed, { tags: { customer: '42' }, reference: 'invoice-7' });
    expect(made).toMatchObject({
      status: 'queued',
      url: 'https://app.example.com/reports/42',
      tags: { customer: '42' },
      reference: 'invoice-7',
      asset: null,
    });
    expect(made.timeline.map((entry) => entry.step)).toEqual(['requested', 'queued']);
    expect(await rows(made.id)).toEqual({ captures: 1, jobs: 1, payloads: 1 });
  });

  test('no secret of the request is anywhere in the database or the log', async () => {
    const canaries = ['CANARY-cookie', 'CANARY-storage', 'CANARY-header', 'CANARY-query', 'CANARY-fill', 'CANARY-bearer'];
    const made = await capture(bed, {
      url: 'https://app.example.com/r?x=CANARY-query',
      auth: { cookies: [{ name: 'sid', value: 'CANARY-cookie' }], localStorage: { token: 'CANARY-storage' }, bearer: 'CANARY-bearer' },
      headers: { 'X-Key': 'CANARY-header' },
      actions: [{ type: 'fill', selector: '#q', value: 'CANARY-fill' }],
    });
    const tables = await bed.sql<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    );
    const dump = await Promise.all(tables.map(({ name }) => bed.sql(`select * from "${name}"`)));
    const text = JSON.stringify(dump) + bed.logs.join('');
    expect(canaries.filter((canary) => text.includes(canary))).toEqual([]);
    expect(made.url).toBe('https://app.example.com/r?…');
  });

  test('the payload opens with the pool key alone and is bound to its capture and workspace', async () => {
    const made = await capture(bed, { auth: { cookies: [{ name: 'sid', value: 'v' }], verify: { selector: '#me' } } });
    const [stored] = await bed.sql<{ sealed: string }>('select sealed from capture_payload where capture_id = $1', [made.id]);
    const sealed = stored?.sealed ?? '';
    expect(decodeProtectedHeader(sealed)).toMatchObject({
      alg: 'ECDH-ES',
      enc: 'A256GCM',
      typ: 'ss-capture+jwe',
      kid: 'pool-1',
      cap: made.id,
      ws: bed.key.workspaceId,
    });
    const payload = JSON.parse(new TextDecoder().decode((await compactDecrypt(sealed, bed.privateKey)).plaintext));
    expect(payload.request.auth).toEqual({ verify: { selector: '#me' } });
    expect(payload.auth.cookies[0]).toMatchObject({ name: 'sid', value: 'v', domain: 'app.example.com' });
    const [header = '', ...rest] = sealed.split('.');
    const moved = Buffer.from(
      Buffer.from(header, 'base64url')
        .toString()
        .replace(made.id, `cap_${'0'.repeat(26)}`),
    ).toString('base64url');
    await expect(compactDecrypt([moved, ...rest].join('.'), bed.privateKey)).rejects.toMatchObject({ code: 'ERR_JWE_DECRYPTION_FAILED' });
  });

  test('a server without a public key takes nothing', async () => {
    const call = createCapture({ ...bed.deps, sealer: null }, bed.key, requestOf(), { body: {} });
    await expect(call).rejects.toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE'),
    });
  });

  test('a full queue refuses the next one and says when to come back', async () => {
    const other = await bed.addWorkspace();
    const deps = { ...bed.deps, settings: { ...bed.deps.settings, queuedPerWorkspaceMax: 2 } };
    const make = () => createCapture(deps, other, requestOf(), { body: {} });
    await make();
    await make();
    await expect(make()).rejects.toMatchObject({ code: 'queue_full', retryAfterSeconds: expect.any(Number) });
  });
});

describe('what is refused', () => {
  test.each([
    ['http', 'http://app.example.com/', 'invalid_target_url'],
    ['user info', 'https://u:p@app.example.com/', 'invalid_target_url'],
    ['an IP address', 'https://127.0.0.1/', 'invalid_target_url'],
    ['an unlisted host', 'https://evil.test/', 'domain_not_allowed'],
    ['the apex of a wildcard', 'https://example.com/', 'domain_not_allowed'],
    ['an unlisted port', 'https://app.example.com:8443/', 'invalid_target_url'],
  ])('%s', async (_what, url, code) => {
    expect(await codeOf(capture(bed, { url }))).toBe(code);
  });

  test('a host outside the narrowing of the key, though the workspace allows it', async () => {
    const { key } = await createApiKey(bed.deps, bed.operator, {
      name: 'narrow',
      scopes: ['captures:create'],
      domains: ['one.example.com'],
    });
    const narrow = await authenticateApiKey(bed.deps, key, { address: '127.0.0.1' });
    expect(await codeOf(capture(bed, { url: 'https://two.example.com/' }, narrow))).toBe('domain_not_allowed');
    const made = await capture(bed, { url: 'https://one.example.com/' }, narrow);
    await bed.sql('update job set turn = -1 where capture_id = $1', [made.id]);
    const claim = await claimJob(bed.deps, bed.runner, {});
    expect(claim?.captureId).toBe(made.id);
    expect(claim?.limits.domains).toEqual([{ host: 'one.example.com', port: null, isPrivate: false }]);
  });

  test('a cookie, an origin or a goto beyond the allowed domains, each with its path', async () => {
    const call = capture(bed, {
      auth: { cookies: [{ name: 'a', value: 'b', domain: 'evil.test' }], localStorage: { 'https://evil.test': { a: 'b' } } },
      actions: [
        { type: 'goto', url: '/fine' },
        { type: 'goto', url: '//evil.test/' },
        { type: 'goto', url: 'javascript:alert(1)' },
      ],
    });
    await expect(call).rejects.toMatchObject({ code: 'invalid_request' });
    const errors = await call.catch((error: { errors: { path: string }[] }) => error.errors);
    expect(Array.isArray(errors) && errors.map((error) => error.path)).toEqual([
      'auth.cookies[0].domain',
      'auth.localStorage.https://evil.test',
      'actions[1].url',
      'actions[2].url',
    ]);
  });

  test('a script without the scope for it', async () => {
    const { key } = await createApiKey(bed.deps, bed.operator, { name: 'plain', scopes: ['captures:create'] });
    const plain = await authenticateApiKey(bed.deps, key, { address: '127.0.0.1' });
    expect(await codeOf(capture(bed, { actions: [{ type: 'evaluate', expression: '1' }] }, plain))).toBe('insufficient_scope');
  });
});

describe('idempotency keys', () => {
  const body = { url: 'https://app.example.com/', output: { format: 'png' } };
  const send = (idempotencyKey: string, sent: unknown = body) =>
    createCapture(bed.deps, bed.key, requestOf(), { idempotencyKey, body: sent });

  test('50 requests at once with one key make one capture, and all get its answer', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => send('fifty')));
    expect(new Set(answers.map(({ capture: { id } }) => id)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(answers.map(({ capture: answer }) => JSON.stringify(answer))).size).toBe(1);
    expect(await bed.sql('select 1 from capture where id = $1', [answers[0]?.capture.id])).toHaveLength(1);
  });

  test('the order of members does not matter, another body is refused', async () => {
    const first = await send('order');
    const again = await send('order', { output: { format: 'png' }, url: 'https://app.example.com/' });
    expect(again).toMatchObject({ replayed: true, capture: { id: first.capture.id } });
    expect(await codeOf(send('order', { ...body, url: 'https://app.example.com/x' }))).toBe('idempotency_key_reused');
  });

  test.each([[''], ['with space'], ['ü'], ['x'.repeat(256)]])('a malformed key is refused: %j', async (key) => {
    expect(await codeOf(send(key))).toBe('invalid_idempotency_key');
  });

  test('a request that is refused leaves its key free', async () => {
    const wrong = createCapture(bed.deps, bed.key, requestOf({ url: 'https://evil.test/' }), { idempotencyKey: 'free', body });
    expect(await codeOf(wrong)).toBe('domain_not_allowed');
    expect((await send('free')).replayed).toBe(false);
  });

  test('the same key in another workspace is another key', async () => {
    const other = await bed.addWorkspace();
    const first = await send('shared');
    const second = await createCapture(bed.deps, other, requestOf(), { idempotencyKey: 'shared', body });
    expect(second.replayed).toBe(false);
    expect(second.capture.id).not.toBe(first.capture.id);
  });

  test('a first request that hangs is answered with "in progress" after the stated wait', async () => {
    await bed.sql('begin');
    await bed.sql(
      `insert into idempotency_record (workspace_id, key, fingerprint, capture_id, answer, created_at) values ($1, 'slow', 'x', 'x', '{}', now())`,
      [bed.key.workspaceId],
    );
    const began = Date.now();
    expect(await codeOf(send('slow'))).toBe('idempotency_in_progress');
    expect(Date.now() - began).toBeLessThan(5000);
    await bed.sql('rollback');
    expect((await send('slow')).replayed).toBe(false);
  });

  test('a key is free again after a day', async () => {
    const first = await send('old');
    await bed.sql(`update idempotency_record set created_at = now() - interval '25 hours' where key = 'old'`);
    const second = await send('old', { other: true });
    expect(second.replayed).toBe(false);
    expect(second.capture.id).not.toBe(first.capture.id);
  });
});
