import { CompactEncrypt, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { PAYLOAD_TYPE, type PayloadHeader, SEAL_ALG, SEAL_ENC } from '#shared/sealed-payload.ts';
import type { Sealer } from '../ports.ts';

type PublicKey = JWK & { kid: string };

/**
 * Makes the sealer for a pool of runners from its public JWKS; it seals to the first X25519 key that is meant for
 * encryption. Throws when there is none, or when the set holds a private key: a server that could open what it seals
 * would make every payload as safe as its own environment.
 */
export async function createSealer(publicJwks: { keys: JWK[] }): Promise<Sealer> {
  if (publicJwks.keys.some((key) => key.d !== undefined))
    throw new Error('The key set of the server holds a private key: give it the public half only.');
  const usable = await Promise.all(publicJwks.keys.filter(isSealKey).map(withKid));
  const newest = usable[0];
  if (!newest) throw new Error('The key set holds no X25519 public key for encryption: make one with `sessionshot runner keygen`.');
  const key = await importJWK(newest, SEAL_ALG);
  return {
    jwks: () => ({ keys: usable.map(publish) }),
    seal: async (payload, { captureId, workspaceId }) => {
      const header: PayloadHeader = {
        alg: SEAL_ALG,
        enc: SEAL_ENC,
        typ: PAYLOAD_TYPE,
        kid: newest.kid,
        cap: captureId,
        ws: workspaceId,
        iat: Math.floor(Date.now() / 1000),
      };
      return await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(payload))).setProtectedHeader(header).encrypt(key);
    },
  };
}

function isSealKey(key: JWK): boolean {
  return (
    key.kty === 'OKP' &&
    key.crv === 'X25519' &&
    (key.use === undefined || key.use === 'enc') &&
    (key.alg === undefined || key.alg.startsWith(SEAL_ALG))
  );
}

async function withKid(key: JWK): Promise<PublicKey> {
  return { ...key, kid: key.kid ?? (await calculateJwkThumbprint(key)) };
}

/** Only the members of a public key leave the server, whatever else the file held. */
function publish({ kty, crv, x, kid }: PublicKey): JWK {
  return { kty, crv, x, kid, use: 'enc', alg: SEAL_ALG };
}
