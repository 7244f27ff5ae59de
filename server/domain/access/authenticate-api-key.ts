import { ApiKey, type ApiKeyRow } from '#server/db/access.entities.ts';
import { isWellFormedToken } from '#shared/api-key.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { groupCalls, onePer } from '../group-calls.ts';
import type { ApiKeyActor } from './actor.ts';
import { isInRanges } from './address-list.ts';
import { recordRefusal } from './audit.ts';
import { noteKeyUse } from './note-key-use.ts';
import { fingerprintKeyOf, hashToken } from './token-hash.ts';
import { usedFrom } from './used-from.ts';

export type Caller = { address: string; userAgent?: string | undefined };

/**
 * Finds who holds an API key. `missing_api_key` without one; `invalid_api_key` for a malformed, unknown, revoked or
 * expired one, the same answer for all of them, so that there is nothing to probe; `address_not_allowed` for a caller
 * outside the key's address list. Keeps from where and by what the key was used.
 */
export async function authenticateApiKey(
  deps: Pick<Deps, 'db' | 'clock' | 'log'>,
  token: string | undefined,
  caller: Caller,
): Promise<ApiKeyActor> {
  const { address: remoteAddress, userAgent } = caller;
  if (token === undefined || token === '')
    throw new AppError('missing_api_key', 'Send an API key: `Authorization: Bearer ss_live_…` or `X-API-Key: ss_live_…`.');
  // The checksum sorts out what was mistyped or made up without asking the database.
  if (!isWellFormedToken('apiKey', token)) throw invalid('malformed');
  const now = deps.clock.now();
  const row = await findingOf(deps.db)(hashToken(token), null);
  if (!row) throw invalid('unknown');
  const actor: ApiKeyActor = {
    kind: 'apiKey',
    keyId: row.id,
    workspaceId: row.workspace.id,
    scopes: row.scopes,
    domains: row.domains ?? null,
    maxConcurrentCaptures: row.maxConcurrentCaptures ?? null,
    address: remoteAddress,
    fingerprintKey: fingerprintKeyOf(token),
  };
  const fault = faultOf(row, { now, remoteAddress });
  if (fault) await recordRefusal(deps, actor, { action: 'key.use', target: row.id, detail: fault });
  if (fault === 'revoked' || fault === 'expired') throw invalid(fault);
  if (fault) {
    throw new AppError(
      'address_not_allowed',
      'This API key may not be used from this address: an admin of the workspace can change its address list.',
      { internal: `key ${row.id} used from ${remoteAddress}` },
    );
  }
  await noteKeyUse(deps, actor, { row, from: usedFrom(remoteAddress, userAgent), now });
  return actor;
}

const GROUP_MAX = 1000;

/** Calls with one key that come while it is looked up are answered by the next look, so that a revoked key ends at once. */
const findingOf = onePer((db: Deps['db']) => {
  const find = async (callers: readonly null[], hash: string): Promise<(ApiKeyRow | null)[]> => {
    const em = db.fork();
    const [found] = await em.execute<Record<string, unknown>[]>(FIND, [hash]);
    const row = found ? em.map(ApiKey, found) : null;
    return callers.map(() => row);
  };
  return groupCalls(find, { sizeMax: GROUP_MAX });
});

/** Sees the keys of all workspaces, inside the function alone: who calls is in none yet. No transaction to pay for. */
const FIND = 'select * from api_key_of_hash(?)';

type Fault = 'revoked' | 'expired' | 'address_not_allowed';

function faultOf(row: ApiKeyRow, { now, remoteAddress }: { now: Date; remoteAddress: string }): Fault | null {
  if (row.revokedAt) return 'revoked';
  if (row.expiresAt && row.expiresAt <= now) return 'expired';
  return row.allowedAddresses && !isInRanges(row.allowedAddresses, remoteAddress) ? 'address_not_allowed' : null;
}

function invalid(reason: string): AppError {
  return new AppError(
    'invalid_api_key',
    'The API key is not valid: it is mistyped, revoked or expired. Make a new one in the console or with `sessionshot keys create`.',
    { internal: `api key ${reason}` },
  );
}
