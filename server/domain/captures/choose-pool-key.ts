import type { EntityManager } from '@mikro-orm/postgresql';
import type { CaptureRequest } from '#shared/capture-request.ts';
import { readKid } from '#shared/sealed-payload.ts';
import { findRevokedKids } from '../access/pool-keys.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import type { PublicPoolKey, Sealer } from '../ports.ts';

/** `key` is what the payload is sealed to, `authKid` what the client sealed its own auth state to; null where it did not. */
export type ChosenKey = { key: PublicPoolKey; authKid: string | null };

/** Every key that the request may turn on: those of the pool, and the one that its auth state is sealed to. */
export async function kidsOf(sealer: Sealer, request: CaptureRequest): Promise<string[]> {
  const authKid = authKidOf(request);
  return [...(await sealer.keys()).map(({ kid }) => kid), ...(authKid === null ? [] : [authKid])];
}

/** The same as `chooseKey`, where nothing was read yet. Nothing is held: a key may be revoked a moment later. */
export async function choosePoolKey(em: EntityManager, deps: Pick<Deps, 'sealer'>, request: CaptureRequest): Promise<ChosenKey> {
  const sealer = requireSealer(deps);
  return chooseKey(await sealer.keys(), await findRevokedKids(em, await kidsOf(sealer, request)), request);
}

/**
 * Chooses the key that a request is sealed to: the newest of the pool that is not revoked. Refuses an auth state that the client
 * sealed to a revoked one (`invalid_request`), and everything where no key is left (`unavailable`).
 */
export function chooseKey(keys: readonly PublicPoolKey[], revoked: ReadonlySet<string>, request: CaptureRequest): ChosenKey {
  const authKid = authKidOf(request);
  if (authKid !== null && revoked.has(authKid)) throw revokedAuthKey();
  const key = keys.find(({ kid }) => !revoked.has(kid));
  if (key) return { key, authKid };
  throw new AppError(
    'unavailable',
    'Every key that captures are sealed to is revoked. The operator makes a new one with `sessionshot runner keygen --rotate`.',
    { retryAfterSeconds: 60 },
  );
}

function authKidOf({ auth }: CaptureRequest): string | null {
  return auth?.sealed === undefined ? null : readKid(auth.sealed);
}

function revokedAuthKey(): AppError {
  const message =
    'is sealed to a key that was revoked: fetch the key set of `GET /api/keys/runner` again and seal the auth state anew to its first key';
  return new AppError('invalid_request', `auth.sealed: ${message}`, { errors: [{ path: 'auth.sealed', message }] });
}

/** The sealer; refuses with `unavailable` where the server was given no public key. */
export function requireSealer({ sealer }: Pick<Deps, 'sealer'>): Sealer {
  if (sealer) return sealer;
  throw new AppError(
    'unavailable',
    'This server has no public key to seal captures to: set SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE (made by `sessionshot runner keygen`).',
    { retryAfterSeconds: 60 },
  );
}
