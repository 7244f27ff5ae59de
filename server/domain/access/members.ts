import type { EntityManager } from '@mikro-orm/postgresql';
import { ConsoleSession, Member, type MemberRow } from '#server/db/access.entities.ts';
import type { MemberView } from '#shared/console.ts';
import { isId, type UserId, type WorkspaceId } from '#shared/ids.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { type Actor, type Role, requireAdmin, type UserActor } from './actor.ts';
import { recordAudit } from './audit.ts';

type Reading = Pick<Deps, 'db'>;

/** Lists the people of the workspace, those who came first at the top. */
export async function listMembers(deps: Reading, actor: Actor): Promise<MemberView[]> {
  requireAdmin(actor);
  const rows = await deps.db
    .inWorkspace(actor.workspaceId)
    .find(Member, { workspace: actor.workspaceId }, { populate: ['user'], orderBy: { createdAt: 'asc' } });
  return rows.map((row) => toView(row, actor));
}

/**
 * Gives a member another role, which holds from the next call of theirs on. Refuses with `forbidden` where an admin would
 * make or unmake an owner, and with `conflict` where no owner would be left.
 */
export async function changeRole(deps: Reading, actor: Actor, input: { userId: string; role: Role }): Promise<MemberView> {
  requireAdmin(actor);
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const member = await findMember(em, actor, input.userId);
    requireRank(actor, member.role);
    requireRank(actor, input.role);
    if (input.role !== 'owner') await keepAnOwner(em, member);
    member.role = input.role;
    await em.flush();
    await recordAudit(em, actor, { action: 'member.role', target: member.user.id, detail: input.role });
    return toView(member, actor);
  });
}

/** Takes a member out of the workspace and ends their sessions in it. Keys that they made go on: others may use them. */
export async function removeMember(deps: Reading, actor: Actor, userId: string): Promise<{ userId: string }> {
  requireAdmin(actor);
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const member = await findMember(em, actor, userId);
    requireRank(actor, member.role);
    await takeOut(em, member, actor);
    return { userId };
  });
}

/** Leaves the workspace, which ends the session that asks for it too. */
export async function leaveWorkspace(deps: Reading, actor: UserActor): Promise<void> {
  await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => takeOut(em, await findMember(em, actor, actor.userId), actor));
}

/** Refuses with `forbidden` unless the actor may give or take this role: owners are made and unmade by owners. */
export function requireRank(actor: Actor, role: Role): void {
  if (role !== 'owner' || actor.kind === 'operator' || (actor.kind === 'user' && actor.role === 'owner')) return;
  throw new AppError('forbidden', 'Only an owner of the workspace can make or unmake owners.');
}

async function takeOut(em: EntityManager, member: MemberRow, actor: Actor): Promise<void> {
  await keepAnOwner(em, member);
  const one = { user: member.user.id, workspace: member.workspace.id };
  await em.nativeDelete(Member, one);
  await em.nativeDelete(ConsoleSession, one);
  await recordAudit(em, actor, { action: 'member.remove', target: one.user });
}

/** Refuses when this member is the last owner. Owners are locked, so that two of them cannot leave at the same moment. */
async function keepAnOwner(em: EntityManager, member: MemberRow): Promise<void> {
  if (member.role !== 'owner') return;
  const owners = await em.execute<unknown[]>(`select user_id from member where workspace_id = ? and role = 'owner' for update`, [
    member.workspace.id,
  ]);
  if (owners.length <= 1) throw new AppError('conflict', 'This is the last owner of the workspace: make somebody else an owner first.');
}

async function findMember(em: EntityManager, actor: { workspaceId: WorkspaceId }, userId: string): Promise<MemberRow> {
  const key: UserId | null = isId('user', userId) ? userId : null;
  const member = key && (await em.findOne(Member, { workspace: actor.workspaceId, user: key }, { populate: ['user'] }));
  if (!member) throw notFound();
  return member;
}

function toView(row: MemberRow, actor: Actor): MemberView {
  const user = row.user.unwrap();
  return {
    userId: user.id,
    name: user.name,
    email: user.email ?? null,
    role: row.role,
    joinedAt: row.createdAt.toISOString(),
    isYou: actor.kind === 'user' && actor.userId === user.id,
  };
}
