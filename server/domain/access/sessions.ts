import { type EntityManager, UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import { ConsoleSession, Member, SignInLink, User, Workspace } from '#server/db/access.entities.ts';
import type { MeView, SIGN_IN_WAYS } from '#shared/console.ts';
import { makeId, type UserId, type WorkspaceId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import type { UserActor } from './actor.ts';
import { type AuditActor, recordAudit, recordRefusal } from './audit.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { requireSecondFactor } from './second-factor.ts';
import { fingerprintKeyOf, hashToken, makeConsoleToken } from './token-hash.ts';
import { findFirstOwner, insertOwner, lockFirstOwner } from './workspaces.ts';

type Keeping = Pick<Deps, 'db' | 'clock'>;
type Signing = Keeping & Pick<Deps, 'log' | 'vault'>;
/** A token for a cookie or a link. Only its hash is stored. */
export type IssuedToken = { token: string; expiresAt: Date };

/**
 * Signs in with e-mail and password, and the code of an authenticator app where there is one (`second_factor_needed`). One answer for an unknown address and a wrong password, in the same time. A failed
 * try is recorded without the name that was given: people type passwords there.
 */
export async function signInWithPassword(
  deps: Signing,
  input: { email: string; password: string; code?: string; address?: string },
): Promise<IssuedToken> {
  const { address } = input;
  const user = await deps.db.acrossWorkspaces().findOne(User, { email: normalEmail(input.email) });
  const right = await checkPassword(input.password, user?.passwordHash ?? null);
  if (!user || !right) {
    await recordRefusal(deps, { kind: 'anyone', address }, { action: 'session.open', target: user?.id, detail: 'password' });
    throw wrong();
  }
  await requireSecondFactor(deps, { userId: user.id, address }, input.code);
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    // To compare takes a moment, in which the password may have been changed: the row is held until the session is there.
    const [same] = await em.execute<unknown[]>(SAME_PASSWORD, [user.id, user.passwordHash]);
    if (!same) throw wrong();
    return await openSession(em, deps, { userId: user.id, address, by: 'password' });
  });
}

const SAME_PASSWORD = 'select 1 from app_user where id = ? and password_hash = ? for share';

function wrong(): AppError {
  return new AppError('not_signed_in', 'The e-mail address or the password is wrong.');
}

/**
 * Signs in with a one-time link, which is used up by it. No second factor is asked for: such a link is made by the operator
 * of the machine, and is the way back in for an owner whose phone is lost.
 */
export async function signInWithLink(deps: Keeping & Pick<Deps, 'log'>, token: string, address?: string): Promise<IssuedToken> {
  const session = await deps.db.acrossWorkspaces().transactional(async (em) => {
    const [link] = await em.execute<{ user_id: UserId }[]>(
      'delete from sign_in_link where token_hash = ? and expires_at > ? returning user_id',
      [hashToken(token), deps.clock.now()],
    );
    return link ? await openSession(em, deps, { userId: link.user_id, address, by: 'link' }) : null;
  });
  if (session) return session;
  await recordRefusal(deps, { kind: 'anyone', address }, { action: 'session.open', detail: 'link' });
  throw new AppError('not_signed_in', 'This sign-in link was used already or has run out: make a new one with `sessionshot open`.');
}

/** Makes a one-time sign-in link for a user, good for `LIMITS.signInLinkLifeMs`. `by`: who asked for it. */
export async function createSignInLink(deps: Keeping, userId: UserId, by: AuditActor = { kind: 'server' }): Promise<IssuedToken> {
  const token = makeConsoleToken();
  const expiresAt = new Date(deps.clock.now().getTime() + LIMITS.signInLinkLifeMs);
  await deps.db.acrossWorkspaces().transactional(async (em) => {
    await em.insert(SignInLink, { tokenHash: hashToken(token), user: userId, expiresAt });
    await recordAudit(em, by, { action: 'sign_in_link.create', target: userId });
  });
  return { token, expiresAt };
}

/** Finds who holds a console session; `not_signed_in` for none, an unknown one or one that has run out. */
export async function readSession(deps: Keeping, token: string | undefined): Promise<UserActor> {
  const refused = new AppError('not_signed_in', 'Sign in to the console first.');
  if (token === undefined || token === '') throw refused;
  const sessionHash = hashToken(token);
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    const session = await em.findOne(ConsoleSession, { tokenHash: sessionHash });
    if (!session || session.expiresAt <= deps.clock.now()) throw refused;
    const member = await em.findOne(Member, { user: session.user.id, workspace: session.workspace.id }, { populate: ['user'] });
    if (!member) throw refused;
    const { name } = await member.user.loadOrFail();
    return {
      kind: 'user',
      userId: session.user.id,
      workspaceId: session.workspace.id,
      role: member.role,
      name,
      sessionHash,
      fingerprintKey: fingerprintKeyOf(token),
    };
  });
}

/** Ends the session the actor came with. */
export async function signOut(deps: Pick<Deps, 'db'>, actor: UserActor): Promise<void> {
  await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const ended = await em.nativeDelete(ConsoleSession, { tokenHash: actor.sessionHash });
    if (ended > 0) await recordAudit(em, actor, { action: 'session.close', target: actor.userId });
  });
}

/** Makes the first owner of an instance that has none, and signs in. `forbidden` where there is one. */
export async function createOwner(
  deps: Keeping,
  input: { name: string; email: string; password: string; workspaceName: string; address?: string },
): Promise<IssuedToken> {
  const { address } = input;
  const passwordHash = await hashPassword(input.password, input.email);
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    await lockFirstOwner(em);
    if (await findFirstOwner(em)) throw new AppError('forbidden', 'This instance has an owner already: sign in instead.');
    const { userId } = await insertOwner(em, {
      workspaceName: input.workspaceName,
      ownerName: input.name,
      email: normalEmail(input.email),
      passwordHash,
      now: deps.clock.now(),
      by: { kind: 'anyone', address },
    });
    return await openSession(em, deps, { userId, address, by: 'set-up' });
  });
}

/** Reads who is signed in, for the console's header. */
export async function readMe(deps: Keeping, actor: UserActor): Promise<MeView> {
  const em = deps.db.inWorkspace(actor.workspaceId);
  const user = await em.findOneOrFail(User, { id: actor.userId });
  const workspace = await em.findOneOrFail(Workspace, { id: actor.workspaceId });
  const shown = {
    id: user.id,
    name: user.name,
    email: user.email ?? null,
    hasPassword: user.passwordHash !== null && user.passwordHash !== undefined,
  };
  const { way, freshProofUntil } = await readProof(em, deps, actor);
  return {
    user: shown,
    workspace: { id: workspace.id, name: workspace.name },
    role: actor.role,
    session: { way, freshProofUntil: freshProofUntil?.toISOString() ?? null },
  };
}

type Proof = { way: (typeof SIGN_IN_WAYS)[number] | null; freshProofUntil: Date | null };

/**
 * Reads how a session was opened, and until when it stands for a password that was forgotten: for a short while after a
 * one-time link or single sign-on, the ways that know no password. Null for others, and once that time is over.
 */
export async function readProof(em: EntityManager, deps: Pick<Deps, 'clock'>, actor: UserActor): Promise<Proof> {
  const session = await em.findOne(ConsoleSession, { tokenHash: actor.sessionHash });
  const way = session?.way ?? null;
  if (!session || (way !== 'link' && way !== 'oidc')) return { way, freshProofUntil: null };
  const until = new Date(session.createdAt.getTime() + LIMITS.freshProofMs);
  return { way, freshProofUntil: until > deps.clock.now() ? until : null };
}

/** Forgets sessions and links that have run out. */
export async function purgeSessions(deps: Keeping): Promise<void> {
  const em = deps.db.acrossWorkspaces();
  const over = { expiresAt: { $lte: deps.clock.now() } };
  await em.nativeDelete(ConsoleSession, over);
  await em.nativeDelete(SignInLink, over);
}

/** `by`: what the person proved themselves with. */
type Opening = { userId: UserId; address?: string; by: (typeof SIGN_IN_WAYS)[number] };

/** Opens a session in the workspace that the user has been a member of for the longest, inside the caller's transaction. */
export async function openSession(em: EntityManager, deps: Pick<Deps, 'clock'>, { userId, address, by }: Opening): Promise<IssuedToken> {
  const member = await em.findOne(Member, { user: userId }, { orderBy: { createdAt: 'asc' } });
  if (!member) throw new AppError('not_signed_in', 'This user is not a member of any workspace.');
  return await openSessionIn(em, deps, { userId, address, by, workspaceId: member.workspace.id });
}

/** Opens a session of a member in their workspace, inside the caller's transaction. */
export async function openSessionIn(
  em: EntityManager,
  deps: Pick<Deps, 'clock'>,
  { userId, address, by, workspaceId }: Opening & { workspaceId: WorkspaceId },
): Promise<IssuedToken> {
  const token = makeConsoleToken();
  const now = deps.clock.now();
  const expiresAt = new Date(now.getTime() + LIMITS.consoleSessionLifeMs);
  await em.insert(ConsoleSession, {
    tokenHash: hashToken(token),
    id: makeId('session', now.getTime()),
    user: userId,
    workspace: workspaceId,
    way: by,
    address: address ?? null,
    createdAt: now,
    expiresAt,
  });
  const actor = { kind: 'user' as const, userId, address };
  await recordAudit(em, actor, { action: 'session.open', target: userId, detail: by, workspaceId });
  return { token, expiresAt };
}

/** The one spelling of an address under which a user is kept. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** Says which fault it was when two users would have one address. */
export function explainTaken(error: unknown): never {
  if (error instanceof UniqueConstraintViolationException)
    throw new AppError('conflict', 'Another user has this e-mail address.', { cause: error });
  throw error;
}

/** Makes a one-time link for the owner of the instance. Refuses with `conflict` where nobody owns it yet. */
export async function createOwnerSignInLink(deps: Keeping, by?: AuditActor): Promise<IssuedToken> {
  const owner = await findFirstOwner(deps.db.acrossWorkspaces());
  if (!owner) throw new AppError('conflict', 'Nobody owns this instance yet: open the console and set it up at /setup.');
  return await createSignInLink(deps, owner.userId, by);
}
