import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactEncrypt, importJWK, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { makeId } from '#shared/ids.ts';
import { SEALED_AUTH_TYPE } from '#shared/sealed-payload.ts';
import { firstKey, payloadOf, sealAs } from './fixtures/sealed.ts';
import { generateKeyPair, HalfKeyPairError } from './generate-key-pair.ts';
import { openPayload, type PayloadKeys, readPayloadKeys } from './open-payload.ts';

const captureId = makeId('capture');
const workspaceId = makeId('workspace');
const domains: AllowedDomain[] = [{ host: 'app.example.com', port: null, isPrivate: false }];
const bind = { cap: captureId, ws: workspaceId };
const request = {
  url: 'https://app.example.com/a?b=c',
  auth: { cookies: [{ name: 'sid', value: 'x' }], verify: { selector: '#user' } },
  output: { format: 'png' as const },
};
let folder: string;
let publicKey: JWK & { kid: string };
let otherKey: JWK & { kid: string };
let privateFiles: string[];
let keys: PayloadKeys;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sessionshot-keys-'));
  const [own, other] = [await generateKeyPair(join(folder, 'own')), await generateKeyPair(join(folder, 'other'))];
  [publicKey, otherKey] = [await firstKey(own.publicKeysFile), await firstKey(other.publicKeysFile)];
  privateFiles = [own.privateKeysFile, other.privateKeysFile];
  keys = await readPayloadKeys(own.privateKeysFile);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (sealed: string, held = keys) => openPayload(held, { sealed, captureId, workspaceId, domains });
const unreadable = { ok: false, failure: { code: 'payload_unreadable' } };
const seconds = () => Math.floor(Date.now() / 1000);
const state = { cookies: [{ name: 'sid', value: 'secret-value' }], verify: { text: 'Hello' } };

/** A payload whose auth state the client sealed to `key`, and the server in its turn to `outer`. */
async function seal(sealedState: unknown, header: Record<string, unknown> = {}, key = publicKey, outer = publicKey): Promise<string> {
  const inner = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(sealedState)))
    .setProtectedHeader({
      alg: 'ECDH-ES',
      enc: 'A256GCM',
      typ: SEALED_AUTH_TYPE,
      kid: key.kid,
      aud: workspaceId,
      exp: seconds() + 3600,
      ...header,
    })
    .encrypt(await importJWK(key, 'ECDH-ES'));
  return await sealAs(outer, payloadOf({ ...request, auth: undefined }, domains, inner), bind);
}

describe('a capture payload', () => {
  it('opens for the capture and workspace it was sealed for', async () => {
    const payload = payloadOf(request, domains);
    const opened = await open(await sealAs(publicKey, payload, bind));
    expect(opened).toMatchObject({
      ok: true,
      payload: { target: { host: 'app.example.com' }, request: { auth: { verify: { selector: '#user' } } } },
    });
    expect(opened.ok && opened.auth?.cookies[0]).toMatchObject({ name: 'sid', value: 'x', domain: 'app.example.com' });
  });

  it('is refused when it was swapped, sealed to another key, downgraded or changed', async () => {
    const payload = payloadOf(request, domains);
    const good = await sealAs(publicKey, payload, bind);
    const parts = good.split('.');
    const flipped = [...parts.slice(0, 3), `${parts[3]?.startsWith('A') ? 'B' : 'A'}${parts[3]?.slice(1)}`, parts[4]].join('.');
    const header = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString()), cap: makeId('capture') }),
    ).toString('base64url');
    const cases = {
      'another capture': await sealAs(publicKey, payload, { ...bind, cap: makeId('capture') }),
      'another workspace': await sealAs(publicKey, payload, { ...bind, ws: makeId('workspace') }),
      'no binding': await sealAs(publicKey, payload, { cap: undefined, ws: undefined }),
      'another type': await sealAs(publicKey, payload, { ...bind, typ: SEALED_AUTH_TYPE }),
      'a key of another pool': await sealAs(otherKey, payload, bind),
      'a known name on a foreign key': await sealAs({ ...otherKey, kid: publicKey.kid }, payload, bind),
      'another content cipher': await sealAs(publicKey, payload, { ...bind, enc: 'A128CBC-HS256' }),
      'another key management': await sealAs(publicKey, payload, { ...bind, alg: 'ECDH-ES+A256KW' }),
      'changed bytes': flipped,
      'a changed header': [header, ...parts.slice(1)].join('.'),
      'no JSON': await sealAs(publicKey, 'not json', bind),
      'another form': await sealAs(publicKey, { request: {} }, bind),
      'no JWE': 'a.b.c.d.e',
    };
    for (const [name, sealed] of Object.entries(cases)) expect([name, await open(sealed)]).toMatchObject([name, unreadable]);
  });
});

describe('an auth state that the client sealed', () => {
  it('is opened and held against the allowed domains', async () => {
    const opened = await open(await seal(state));
    expect(opened).toMatchObject({
      ok: true,
      auth: { cookies: [{ name: 'sid', domain: 'app.example.com' }] },
      payload: { sealedAuth: null, request: { auth: { verify: { text: 'Hello' } } } },
    });
  });

  it('is refused for another workspace, without an end, past its end, or with too long a life, and the receipt says which', async () => {
    const cases: [Record<string, unknown>, typeof publicKey, string][] = [
      [{ aud: makeId('workspace') }, publicKey, '`aud`'],
      [{ exp: undefined }, publicKey, '`exp`'],
      [{ exp: seconds() - 1 }, publicKey, 'has run out'],
      [{ exp: seconds() + 90_000 }, publicKey, 'at most 24 hours'],
      [{ typ: 'JWT' }, publicKey, '`typ:'],
      [{}, otherKey, 'cannot be opened'],
    ];
    for (const [header, key, says] of cases) {
      expect(await open(await seal(state, header, key))).toMatchObject({
        ok: false,
        failure: { code: 'auth_not_applied', detail: expect.stringContaining(says) },
        rejected: [{ name: 'auth.sealed', reason: expect.stringContaining(says) }],
      });
    }
  });

  it('is refused with the place of the fault and without any value', async () => {
    const foreign = await open(await seal({ cookies: [{ name: 'sid', value: 'secret-value', domain: 'evil.example.net' }] }));
    expect(foreign).toMatchObject({
      ok: false,
      failure: { code: 'auth_not_applied', detail: expect.stringContaining('auth.cookies[0].domain') },
      rejected: [{ name: 'sid', reason: 'evil.example.net is not an allowed domain' }],
    });
    const malformed = await open(await seal({ cookies: 'secret-value', localStorage: { 'https://app.example.com': { 'secret-key': 7 } } }));
    expect(malformed).toMatchObject({
      ok: false,
      failure: { code: 'auth_not_applied', detail: expect.stringMatching(/auth\.cookies, auth\.localStorage/) },
    });
    expect(JSON.stringify([foreign, malformed])).not.toMatch(/secret-/);
  });
});

describe('when the key of a pool is replaced', () => {
  /** A runner's key file that holds these private keys, in this order. */
  const keysOf = async (files: readonly string[]) => {
    const sets = await Promise.all(files.map(async (file) => JSON.parse(await readFile(file, 'utf8'))));
    const file = join(folder, 'rotated.jwks.json');
    await writeFile(file, JSON.stringify({ keys: sets.flatMap((set) => set.keys) }), { mode: 0o600 });
    return await readPayloadKeys(file);
  };

  it('what was sealed to either key opens while the file holds both, in whatever order', async () => {
    for (const held of [await keysOf(privateFiles), await keysOf(privateFiles.toReversed())]) {
      expect(held.size).toBe(2);
      for (const key of [publicKey, otherKey]) {
        expect(await open(await sealAs(key, payloadOf(request, domains), bind), held)).toMatchObject({
          ok: true,
          auth: { cookies: [{ name: 'sid', value: 'x' }] },
        });
        // A client may hold the old public key for longer than the server does.
        for (const outer of [publicKey, otherKey])
          expect(await open(await seal(state, {}, key, outer), held)).toMatchObject({
            ok: true,
            auth: { cookies: [{ value: 'secret-value' }] },
          });
      }
    }
  });

  it('what was sealed to the old one is refused once it is taken away, and the client is told to seal anew', async () => {
    const held = await keysOf(privateFiles.slice(1));
    expect(await open(await sealAs(otherKey, payloadOf(request, domains), bind), held)).toMatchObject({ ok: true });
    expect(await open(await sealAs(publicKey, payloadOf(request, domains), bind), held)).toMatchObject(unreadable);
    expect(await open(await seal(state, {}, otherKey, publicKey), held)).toMatchObject(unreadable);
    expect(await open(await seal(state, {}, publicKey, otherKey), held)).toMatchObject({
      ok: false,
      failure: {
        code: 'auth_not_applied',
        step: 'session',
        detail: expect.stringContaining('seal it anew to the key of `GET /api/keys/runner`'),
      },
      rejected: [{ name: 'auth.sealed' }],
    });
  });
});

describe('the key pair of a pool', () => {
  it('is made once, the private half for its owner alone, and kept from then on', async () => {
    const made = await generateKeyPair(join(folder, 'pair'));
    expect(made.created).toBe(true);
    expect((await stat(made.privateKeysFile)).mode & 0o777).toBe(0o600);
    expect(await firstKey(made.publicKeysFile)).toMatchObject({ kid: made.kid, use: 'enc', alg: 'ECDH-ES', crv: 'X25519' });
    expect(await firstKey(made.publicKeysFile)).not.toHaveProperty('d');
    expect(await generateKeyPair(join(folder, 'pair'))).toMatchObject({ kid: made.kid, created: false });
    await rm(made.publicKeysFile);
    await expect(generateKeyPair(join(folder, 'pair'))).rejects.toThrow(HalfKeyPairError);
  });

  it('is refused by its path alone when it cannot be used', async () => {
    const file = join(folder, 'broken.json');
    await writeFile(file, '{"keys":[{"kid":"secret-kid"}]}');
    await chmod(file, 0o600);
    await expect(readPayloadKeys(file)).rejects.toThrow(/broken\.json is not a private key set/);
    await expect(readPayloadKeys(join(folder, 'missing.json'))).rejects.toThrow(/cannot be read/);
  });
});
