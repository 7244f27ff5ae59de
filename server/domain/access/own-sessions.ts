import { ConsoleSession } from '#server/db/access.entities.ts';
import type { SessionView } from '#shared/console.ts';
import { isId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import type { UserActor } from './actor.ts';
import { recordAudit } from './audit.ts';

/** Lists where the person is signed in, in all workspaces, the newest first, at most `LIMITS.sessionsShownMax`. */
export async function listOwnSessions(deps: Pick<Deps, 'db' | 'clock'>, actor: UserActor): Promise<SessionView[]> {
  const rows = await deps.db
    .acrossWorkspaces()
    .find(
      ConsoleSession,
      { user: actor.userId, expiresAt: { $gt: deps.clock.now() } },
      { populate: ['workspace'], orderBy: { createdAt: 'desc', id: 'desc' }, limit: LIMITS.sessionsShownMax },
    );
  return rows.map((row) => ({
    id: row.id,
    workspace: row.workspace.unwrap().name,
    way: row.way ?? null,
    address: row.address ?? null,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    isCurrent: row.tokenHash === actor.sessionHash,
  }));
}

/** Ends one of the person's sessions at once. Those of others, and unknown ones: `not_found`. */
export async function endSession(deps: Pick<Deps, 'db'>, actor: UserActor, id: string): Promise<{ id: string; isCurrent: boolean }> {
  if (!isId('session', id)) throw notFound();
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    const session = await em.findOne(ConsoleSession, { id, user: actor.userId });
    if (!session) throw notFound();
    await em.nativeDelete(ConsoleSession, { tokenHash: session.tokenHash });
    await recordAudit(em, actor, { action: 'session.revoke', target: id });
    return { id, isCurrent: session.tokenHash === actor.sessionHash };
  });
}

/** Ends every session of the person but the one that asks, and says how many. */
export async function endOtherSessions(deps: Pick<Deps, 'db'>, actor: UserActor): Promise<{ ended: number }> {
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    const ended = await em.nativeDelete(ConsoleSession, { user: actor.userId, tokenHash: { $ne: actor.sessionHash } });
    await recordAudit(em, actor, { action: 'session.revoke', target: actor.userId, detail: `${ended} others` });
    return { ended };
  });
}
