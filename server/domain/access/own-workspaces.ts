import { ConsoleSession, Member, Workspace } from '#server/db/access.entities.ts';
import type { WorkspaceView } from '#shared/console.ts';
import { isId, makeId, type WorkspaceId } from '#shared/ids.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { type Actor, requireAdmin, type UserActor } from './actor.ts';
import { recordAudit } from './audit.ts';

type Keeping = Pick<Deps, 'db' | 'clock'>;

/** Lists the workspaces that the person is a member of, by name. */
export async function listOwnWorkspaces(deps: Pick<Deps, 'db'>, actor: UserActor): Promise<WorkspaceView[]> {
  const rows = await deps.db
    .acrossWorkspaces()
    .find(Member, { user: actor.userId }, { populate: ['workspace'], orderBy: { workspace: { name: 'asc' } } });
  return rows.map(({ workspace, role }) => ({
    id: workspace.id,
    name: workspace.unwrap().name,
    role,
    isCurrent: workspace.id === actor.workspaceId,
  }));
}

/** Makes a workspace that the person owns, and takes this session there. For people who administer one already. */
export async function createWorkspace(deps: Keeping, actor: Actor, input: { name: string }): Promise<WorkspaceView> {
  requireAdmin(actor);
  if (actor.kind !== 'user') throw new AppError('forbidden', 'A workspace needs a person who owns it: make it in the console.');
  const now = deps.clock.now();
  const id = makeId('workspace', now.getTime());
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    await em.insert(Workspace, { id, name: input.name, createdAt: now });
    await em.insert(Member, { workspace: id, user: actor.userId, role: 'owner', createdAt: now });
    await em.nativeUpdate(ConsoleSession, { tokenHash: actor.sessionHash }, { workspace: id });
    const made = { action: 'workspace.create' as const, target: id, workspaceId: id };
    await recordAudit(em, actor, made, { action: 'member.add', target: actor.userId, detail: 'owner', workspaceId: id });
    return { id, name: input.name, role: 'owner', isCurrent: true };
  });
}

/** Takes this session to another workspace of the person. Foreign and unknown ids: `not_found`. */
export async function switchWorkspace(deps: Pick<Deps, 'db'>, actor: UserActor, id: string): Promise<WorkspaceView> {
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    const key: WorkspaceId | null = isId('workspace', id) ? id : null;
    const member = key && (await em.findOne(Member, { workspace: key, user: actor.userId }, { populate: ['workspace'] }));
    if (!member || !key) throw notFound();
    await em.nativeUpdate(ConsoleSession, { tokenHash: actor.sessionHash }, { workspace: key });
    await recordAudit(em, actor, { action: 'workspace.switch', target: key, workspaceId: key });
    return { id: key, name: member.workspace.unwrap().name, role: member.role, isCurrent: true };
  });
}

/** Gives the workspace another name. */
export async function renameWorkspace(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: { name: string },
): Promise<{ id: string; name: string }> {
  requireAdmin(actor);
  await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    await em.nativeUpdate(Workspace, { id: actor.workspaceId }, { name: input.name });
    await recordAudit(em, actor, { action: 'workspace.rename', target: actor.workspaceId });
  });
  return { id: actor.workspaceId, name: input.name };
}
