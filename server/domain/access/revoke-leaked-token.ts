import type { EntityManager } from '@mikro-orm/postgresql';
import { isWellFormedToken } from '#shared/api-key.ts';
import type { ApiKeyId, RunnerId, WorkspaceId } from '#shared/ids.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { recordAudit } from './audit.ts';
import { hashToken } from './token-hash.ts';

/**
 * Revokes the API key or the runner's token that is handed in, for whoever found it: to know it is the right to end it.
 * Tells nothing of whether there is such a one. Refuses a text that is none by its checksum, which anybody can work out: a
 * key that was copied badly must not pass for one that was ended.
 */
export async function revokeLeakedToken(deps: Pick<Deps, 'db' | 'clock'>, input: { key: string; address?: string }): Promise<void> {
  const { key, address } = input;
  const end = isWellFormedToken('apiKey', key) ? endApiKey : isWellFormedToken('runner', key) ? endRunner : null;
  if (!end) {
    const message =
      'is neither an API key of SessionShot nor the token of a runner: its checksum does not fit. Hand in the whole of it, `ss_live_…` or `ss_run_…`';
    throw new AppError('invalid_request', `\`key\` ${message}.`, { errors: [{ path: 'key', message }] });
  }
  await deps.db.acrossWorkspaces().transactional((em) => end(em, { hash: hashToken(key), now: deps.clock.now(), address }));
}

type Ending = { hash: string; now: Date; address: string | undefined };

async function endApiKey(em: EntityManager, { hash, now, address }: Ending): Promise<void> {
  const [ended] = await em.execute<{ id: ApiKeyId; workspace_id: WorkspaceId }[]>(
    'update api_key set revoked_at = ? where hash = ? and revoked_at is null returning id, workspace_id',
    [now, hash],
  );
  if (!ended) return;
  const record = { action: 'key.revoke' as const, target: ended.id, detail: 'by the key itself', workspaceId: ended.workspace_id };
  await recordAudit(em, { kind: 'anyone', address }, record);
}

/** A runner is of the instance: its entry is in the log of no workspace. What it holds is taken back when its lease ends. */
async function endRunner(em: EntityManager, { hash, now, address }: Ending): Promise<void> {
  const [ended] = await em.execute<{ id: RunnerId }[]>(
    'update runner set revoked_at = ? where token_hash = ? and revoked_at is null returning id',
    [now, hash],
  );
  if (!ended) return;
  const record = { action: 'runner.revoke' as const, target: ended.id, detail: 'by the token itself', workspaceId: null };
  await recordAudit(em, { kind: 'anyone', address }, record);
}
