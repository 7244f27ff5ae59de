import { ApiKey, type ApiKeyRow } from '#server/db/access.entities.ts';
import { isWellFormedToken } from '#shared/api-key.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import type { ApiKeyActor } from './actor.ts';
import { isInRanges } from './address-list.ts';
import { recordRefusal } from './audit.ts';
import { fingerprintKeyOf, hashToken } from './token-hash.ts';

const LAST_USED_EVERY_MS = 60_000;

/**
 * Finds who holds an API key. `missing_api_key` without one; `invalid_api_key` for a malformed, unknown, revoked or
 * expired one, the same answer for all of them, so that there is nothing to probe; `address_not_allowed` for a caller
 * outside the key's address list.
 */
export async function authenticateApiKey(
  deps: Pick<Deps, 'db' | 'clock' | 'log'>,
  token: string | undefined,
  remoteAddress: string,
): Promise<ApiKeyActor> {
  if (token === undefined || token === '')
    throw new AppError('missing_api_key', 'Send an API key: `Authorization: Bearer ss_live_…` or `X-API-Key: ss_live_…`.');
  // The checksum sorts out what was mistyped or made up without asking the database.
  if (!isWellFormedToken('apiKey', token)) throw invalid('malformed');
  const em = deps.db.fork();
  const now = deps.clock.now();
  const [found] = await em.execute<Record<string, unknown>[]>(FIND, [hashToken(token)]);
  const row = found && em.map(ApiKey, found);
  if (!row) throw invalid('unknown');
  const actor: ApiKeyActor = {
    kind: 'apiKey',
    keyId: row.id,
    workspaceId: row.workspace.id,
    scopes: row.scopes,
    domains: row.domains ?? null,
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
  if (!row.lastUsedAt || now.getTime() - row.lastUsedAt.getTime() > LAST_USED_EVERY_MS)
    await deps.db.inWorkspace(actor.workspaceId).nativeUpdate(ApiKey, { id: row.id }, { lastUsedAt: now });
  return actor;
}

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
