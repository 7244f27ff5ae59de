import { setTimeout as delay } from 'node:timers/promises';
import { isLockTimeout } from '#server/db/lock-timeout.ts';
import { LIMITS } from '#shared/limits.ts';
import { steadyNow } from '#shared/steady-now.ts';
import type { OperatorActor } from '../access/actor.ts';
import { recordAudit } from '../access/audit.ts';
import { markRevoked } from '../access/pool-keys.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { countJobs, endUnderKey, UNDER_REVOKED, underKey } from './end-under-key.ts';

/** A job that another transaction holds is passed over; it is free in a moment. */
const PAUSE_MS = 100;

type Revoking = Pick<Deps, 'db' | 'log' | 'sealer'>;
/** `ended`: captures that failed by this call. `left`: those that still need the key; the servers end them, or the next call. */
export type Revoked = { kid: string; isNew: boolean; ended: number; left: number };

/**
 * Revokes a pool key for good, on all servers at once: nothing is sealed to it any more or handed to a runner, an auth state that
 * a client sealed to it is refused, and the captures that wait or run under it fail, each with its payload deleted in the
 * transaction that makes it final. Refuses a key that neither this server nor any waiting capture knows, unless
 * `evenIfUnknown`: a mistyped id would leave the leaked key as it is. Works for at most `LIMITS.revokeMsMax`.
 */
export async function revokePoolKey(
  deps: Revoking,
  actor: OperatorActor,
  { kid, evenIfUnknown }: { kid: string; evenIfUnknown: boolean },
): Promise<Revoked> {
  if (!evenIfUnknown && !(await isKnown(deps, kid))) throw unknownKey(kid);
  const isNew = await deps.db
    .acrossWorkspaces()
    .transactional(async (em) => {
      const marked = await markRevoked(em, kid);
      await recordAudit(em, actor, { action: 'pool_key.revoke', target: kid, detail: marked ? undefined : 'again', workspaceId: null });
      return marked;
    })
    .catch(explainLock);
  const endsAt = steadyNow() + LIMITS.revokeMsMax;
  let ended = 0;
  let left = 1;
  while (left > 0 && steadyNow() < endsAt) {
    const handled = await endUnderKey(deps, actor, { condition: UNDER_REVOKED, reason: 'revoked' });
    ended += handled;
    left = await countJobs(deps, underKey(kid));
    if (left > 0 && handled === 0) await delay(PAUSE_MS);
  }
  return { kid, isNew, ended, left };
}

async function isKnown(deps: Revoking, kid: string): Promise<boolean> {
  const own = (await deps.sealer?.keys()) ?? [];
  if (own.some((key) => key.kid === kid)) return true;
  const rows = await deps.db
    .acrossWorkspaces()
    .execute<unknown[]>(
      'select 1 from capture_payload where kid = ? or auth_kid = ? union all select 1 from revoked_pool_key where kid = ? limit 1',
      [kid, kid, kid],
    );
  return rows.length > 0;
}

function unknownKey(kid: string): AppError {
  const message = 'is a key that neither this server nor any waiting capture knows';
  return new AppError(
    'invalid_request',
    `kid: \`${kid}\` ${message}. \`sessionshot runner keys list\` lists those that are known; to revoke one that is in no file any more, say --even-if-unknown.`,
    { errors: [{ path: 'kid', message }] },
  );
}

function explainLock(cause: unknown): never {
  if (!isLockTimeout(cause)) throw cause;
  throw new AppError(
    'unavailable',
    'Requests are being taken down and do not come to an end: the key is NOT revoked yet. Repeat the command.',
    {
      cause,
      retryAfterSeconds: 1,
    },
  );
}
