import type { EntityManager } from '@mikro-orm/postgresql';
import { Invite, type InviteRow, Member, User } from '#server/db/access.entities.ts';
import type { InvitePreview, InviteView } from '#shared/console.ts';
import { isId, makeId, type UserId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { type Actor, type Role, requireAdmin } from './actor.ts';
import { recordAudit, recordRefusal } from './audit.ts';
import { requireRank } from './members.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { requireSecondFactor } from './second-factor.ts';
import { explainTaken, type IssuedToken, normalEmail, openSessionIn } from './sessions.ts';
import { hashToken, makeConsoleToken } from './token-hash.ts';

type Keeping = Pick<Deps, 'db' | 'clock'>;

/**
 * Invites somebody into the workspace by a one-time link, good for `LIMITS.inviteLifeMs`, that the inviter hands on: no
 * mail is sent. A second invite to the same address takes the place of the first. Refuses a member with `conflict`.
 */
export async function createInvite(
  deps: Keeping,
  actor: Actor,
  input: { email: string; role: Role },
): Promise<{ invite: InviteView; token: string }> {
  requireAdmin(actor);
  requireRank(actor, input.role);
  const email = normalEmail(input.email);
  const token = makeConsoleToken();
  const now = deps.clock.now();
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    if (await em.findOne(Member, { workspace: actor.workspaceId, user: { email } }))
      throw new AppError('conflict', 'This person is a member of the workspace already.');
    await em.nativeDelete(Invite, { workspace: actor.workspaceId, email });
    const id = makeId('invite', now.getTime());
    await em.insert(Invite, {
      id,
      workspace: actor.workspaceId,
      email,
      role: input.role,
      tokenHash: hashToken(token),
      createdAt: now,
      expiresAt: new Date(now.getTime() + LIMITS.inviteLifeMs),
    });
    // Not the address: it names a person who has not agreed to anything yet.
    await recordAudit(em, actor, { action: 'invite.create', target: id, detail: input.role });
    return { invite: toView(await em.findOneOrFail(Invite, { id })), token };
  });
}

/** Lists the invites that nobody has accepted and that still hold, the newest first. */
export async function listInvites(deps: Keeping, actor: Actor): Promise<InviteView[]> {
  requireAdmin(actor);
  const open = { workspace: actor.workspaceId, expiresAt: { $gt: deps.clock.now() } };
  return (await deps.db.inWorkspace(actor.workspaceId).find(Invite, open, { orderBy: { id: 'desc' } })).map(toView);
}

/** Takes an invite back: its link leads nowhere from now on. */
export async function revokeInvite(deps: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<{ id: string }> {
  requireAdmin(actor);
  if (!isId('invite', id)) throw notFound();
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    if ((await em.nativeDelete(Invite, { id, workspace: actor.workspaceId })) === 0) throw notFound();
    await recordAudit(em, actor, { action: 'invite.revoke', target: id });
    return { id };
  });
}

/** Tells who holds the link where it leads, and whether a password has to be chosen or proved. */
export async function previewInvite(deps: Keeping, token: string): Promise<InvitePreview> {
  const em = deps.db.acrossWorkspaces();
  const invite = await findInvite(em, deps, token);
  const user = await em.findOne(User, { email: invite.email });
  return { workspace: invite.workspace.unwrap().name, email: invite.email, role: invite.role, hasAccount: user !== null };
}

/**
 * Accepts an invite, which is used up by it, and signs in to its workspace. A person who has an account proves it by their
 * password, and by a code where they have an authenticator app: the link alone must not open what they have elsewhere. Others are made one, by `name` and `password`.
 */
export async function acceptInvite(
  deps: Keeping & Pick<Deps, 'log' | 'vault'>,
  input: { token: string; name?: string; password: string; code?: string; address?: string },
): Promise<IssuedToken> {
  const { address } = input;
  const em = deps.db.acrossWorkspaces();
  const seen = await findInvite(em, deps, input.token);
  const known = await em.findOne(User, { email: seen.email });
  if (known && !(await checkPassword(input.password, known.passwordHash ?? null))) {
    await recordRefusal(deps, { kind: 'anyone', address }, { action: 'session.open', target: known.id, detail: 'invite' });
    const message = 'The password is not the one of this account.';
    throw new AppError('not_signed_in', message, { errors: [{ path: 'password', message }] });
  }
  if (known) await requireSecondFactor(deps, { userId: known.id, address }, input.code);
  const passwordHash = known ? null : await hashPassword(input.password, seen.email);
  return await deps.db.acrossWorkspaces().transactional(async (tx) => {
    const invite = await findInvite(tx, deps, input.token);
    // Deleted first: of two who use the link at the same moment the second finds nothing.
    if ((await tx.nativeDelete(Invite, { id: invite.id })) === 0) throw gone();
    const userId = known?.id ?? (await createUser(tx, deps, { name: input.name ?? '', email: invite.email, passwordHash }));
    const workspaceId = invite.workspace.id;
    const key = { workspace: workspaceId, user: userId };
    if (!(await tx.findOne(Member, key))) {
      await tx.insert(Member, { ...key, role: invite.role, createdAt: deps.clock.now() });
      const actor = { kind: 'user' as const, userId, address };
      await recordAudit(tx, actor, { action: 'member.add', target: userId, detail: invite.role, workspaceId });
    }
    return await openSessionIn(tx, deps, { userId, address, by: 'invite', workspaceId });
  });
}

/** Forgets invites that have run out. */
export async function purgeInvites(deps: Keeping): Promise<void> {
  await deps.db.acrossWorkspaces().nativeDelete(Invite, { expiresAt: { $lte: deps.clock.now() } });
}

async function createUser(
  em: EntityManager,
  deps: Pick<Deps, 'clock'>,
  input: { name: string; email: string; passwordHash: string | null },
): Promise<UserId> {
  if (input.name === '')
    throw new AppError('invalid_request', 'Give a name.', { errors: [{ path: 'name', message: 'is needed for a new account' }] });
  const now = deps.clock.now();
  const id = makeId('user', now.getTime());
  await em.insert(User, { id, createdAt: now, ...input }).catch(explainTaken);
  return id;
}

async function findInvite(em: EntityManager, deps: Pick<Deps, 'clock'>, token: string): Promise<InviteRow> {
  const invite = await em.findOne(Invite, { tokenHash: hashToken(token) }, { populate: ['workspace'] });
  if (!invite || invite.expiresAt <= deps.clock.now()) throw gone();
  return invite;
}

function gone(): AppError {
  return new AppError('not_found', 'This invite was used already, was taken back or has run out: ask for a new one.');
}

function toView(row: InviteRow): InviteView {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  };
}
