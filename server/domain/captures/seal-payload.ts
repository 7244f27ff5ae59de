import { CompactEncrypt, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { PAYLOAD_TYPE, type PayloadHeader, SEAL_ALG, SEAL_ENC } from '#shared/sealed-payload.ts';
import type { PublicPoolKey, Sealer } from '../ports.ts';

/** A JWKS of public keys. */
export type PublicJwks = { keys: JWK[] };
/** A key set, or what reads the present one: it answers the same object until the set has changed. */
export type PublicJwksSource = PublicJwks | (() => PublicJwks);

/**
 * Makes the sealer for a pool of runners from its public JWKS; its keys are the X25519 keys that are meant for encryption,
 * in their order. Throws when there is none, or when the set holds a private key: a server that could open what it seals
 * would make every payload as safe as its own environment. A set that changes to such a one later is told to `onFault` and
 * not used: the keys before it go on.
 */
export async function createSealer(source: PublicJwksSource, onFault: (error: unknown) => void = () => undefined): Promise<Sealer> {
  const read = typeof source === 'function' ? source : () => source;
  let from = read();
  let held = importKeys(from);
  await held;
  return {
    keys: async () => {
      const present = read();
      if (present !== from) {
        // Whoever comes while it is imported waits for it: nobody seals to a key that was replaced before he asked.
        const before = held;
        from = present;
        held = importKeys(present).catch(async (error: unknown) => {
          onFault(error);
          return await before;
        });
      }
      return await held;
    },
  };
}

async function importKeys({ keys }: PublicJwks): Promise<readonly PublicPoolKey[]> {
  if (keys.some((key) => key.d !== undefined))
    throw new Error('The key set of the server holds a private key: give it the public half only.');
  const usable = await Promise.all(keys.filter(isSealKey).map(toPoolKey));
  if (usable.length === 0)
    throw new Error('The key set holds no X25519 public key for encryption: make one with `sessionshot runner keygen`.');
  return usable;
}

async function toPoolKey(jwk: JWK & { x: string }): Promise<PublicPoolKey> {
  const kid = jwk.kid ?? (await calculateJwkThumbprint(jwk));
  const key = await importJWK(jwk, SEAL_ALG);
  return {
    kid,
    // Only the members of a public key leave the server, whatever else the file held.
    jwk: { kty: 'OKP', crv: 'X25519', x: jwk.x, kid, use: 'enc', alg: SEAL_ALG },
    seal: async (payload, { captureId, workspaceId }) => {
      const header: PayloadHeader = {
        alg: SEAL_ALG,
        enc: SEAL_ENC,
        typ: PAYLOAD_TYPE,
        kid,
        cap: captureId,
        ws: workspaceId,
        iat: Math.floor(Date.now() / 1000),
      };
      return await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(payload))).setProtectedHeader(header).encrypt(key);
    },
  };
}

function isSealKey(key: JWK): key is JWK & { x: string } {
  return (
    key.kty === 'OKP' &&
    key.crv === 'X25519' &&
    typeof key.x === 'string' &&
    (key.use === undefined || key.use === 'enc') &&
    (key.alg === undefined || key.alg.startsWith(SEAL_ALG))
  );
}
