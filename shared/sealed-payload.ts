import type { ResolvedAuth } from './auth-policy.ts';
import type { CaptureRequest } from './capture-request.ts';

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
  request: Omit<CaptureRequest, 'auth'> & { auth?: { verify?: NonNullable<CaptureRequest['auth']>['verify'] } };
  target: { href: string; origin: string; host: string; port: number; path: string };
  auth: ResolvedAuth | null;
  sealedAuth: string | null;
};
