import type { ResolvedAuth } from './auth-policy.ts';
import type { CaptureRequest } from './capture-request.ts';
import { LIMITS } from './limits.ts';

/** The form of a sealed payload: compact JWE, ECDH-ES on X25519, A256GCM. Nothing else is sealed to or opened. */
export const SEAL_ALG = 'ECDH-ES';
export const SEAL_ENC = 'A256GCM';
export const PAYLOAD_TYPE = 'ss-capture+jwe';
export const SEALED_AUTH_TYPE = 'ss-auth+jwe';

/** Protected header of a capture payload. The runner compares `cap` and `ws` with the claim: no payload can be swapped. */
export type PayloadHeader = {
  alg: typeof SEAL_ALG;
  enc: typeof SEAL_ENC;
  typ: typeof PAYLOAD_TYPE;
  kid: string;
  cap: string;
  ws: string;
  iat: number;
};

/** What is sealed. `sealedAuth` is the client's own JWE (`aud` = workspace, `exp`), put in unopened. */
export type CapturePayload = {
  request: Omit<CaptureRequest, 'auth' | 'webhook'> & { auth?: { verify?: NonNullable<CaptureRequest['auth']>['verify'] } };
  target: { href: string; origin: string; host: string; port: number; path: string };
  auth: ResolvedAuth | null;
  sealedAuth: string | null;
};

/**
 * The id of the key that a compact JWE says it is sealed to; null where it says none that could be one. A runner looks for its
 * key by this word alone: a JWE that names another key than it is sealed to is opened by nobody.
 */
export function readKid(jwe: string): string | null {
  try {
    const encoded = jwe.slice(0, jwe.indexOf('.')).replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const kid = typeof header === 'object' && header !== null && 'kid' in header ? header.kid : null;
    return typeof kid === 'string' && kid.length > 0 && kid.length <= LIMITS.kidCharsMax ? kid : null;
  } catch {
    return null; // no JWE: whoever tries to open it says so
  }
}
