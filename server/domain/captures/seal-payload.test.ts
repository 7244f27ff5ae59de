import { calculateJwkThumbprint, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import { createSealer } from './seal-payload.ts';

async function makeJwk(crv: 'X25519' | 'P-256') {
  const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv, extractable: true });
  return { publicJwk: await exportJWK(publicKey), privateJwk: await exportJWK(privateKey) };
}

test('the first X25519 key for encryption is sealed to; others are passed over', async () => {
  const [p256, signing, first, second] = [
    await makeJwk('P-256'),
    await makeJwk('X25519'),
    await makeJwk('X25519'),
    await makeJwk('X25519'),
  ];
  const keys = [p256.publicJwk, { ...signing.publicJwk, use: 'sig' }, first.publicJwk, { ...second.publicJwk, kid: 'second' }];
  const sealer = await createSealer({ keys });
  const kid = await calculateJwkThumbprint(first.publicJwk);
  const [newest] = await sealer.keys();
  expect(decodeProtectedHeader((await newest?.seal({}, { captureId: 'cap_1', workspaceId: 'ws_1' })) ?? '')).toMatchObject({
    kid,
    cap: 'cap_1',
    ws: 'ws_1',
  });
  expect((await sealer.keys()).map(({ jwk }) => jwk)).toMatchObject([{ kid, crv: 'X25519' }, { kid: 'second' }]);
});

test('a server is not given a private key, nor a set without a fitting one', async () => {
  const { publicJwk, privateJwk } = await makeJwk('X25519');
  await expect(createSealer({ keys: [publicJwk, privateJwk] })).rejects.toThrow('private');
  await expect(createSealer({ keys: [(await makeJwk('P-256')).publicJwk] })).rejects.toThrow('X25519');
  await expect(createSealer({ keys: [] })).rejects.toThrow('keygen');
});

test('only the members of a public key are published, whatever else the file held', async () => {
  const { publicJwk } = await makeJwk('X25519');
  const key = { ...publicJwk, kid: 'k', note: 'private remark' };
  const sealer = await createSealer({ keys: [key] });
  expect((await sealer.keys()).map(({ jwk }) => jwk)).toEqual([
    { kty: 'OKP', crv: 'X25519', x: publicJwk.x, kid: 'k', use: 'enc', alg: 'ECDH-ES' },
  ]);
});
