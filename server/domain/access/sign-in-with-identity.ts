import type { EntityManager } from '@mikro-orm/postgresql';
import { ConsoleSession, ExternalLogin, Invite, Member, RecoveryCode, Totp, User } from '#server/db/access.entities.ts';
import { makeId, type UserId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import type { Identity } from '../ports.ts';
import type { Role } from './actor.ts';
import { recordAudit, recordRefusal } from './audit.ts';
import { type IssuedToken, normalEmail, openSession } from './sessions.ts';
import { SignInFault } from './sign-in-fault.ts';
import { findWorkspace } from './workspaces.ts';

type Keeping = Pick<Deps, 'db' | 'clock' | 'log'>;

/** Who may come in by single sign-on. `newcomer` null: only who is invited, or here already. `emailDomains` null: any. */
export type SignInPolicy = {
  emailDomains: readonly string[] | null;
  newcomer: { role: Exclude<Role, 'owner'>; workspace: string | undefined } | null;
};

/** Any number that nothing else in this database locks. */
const NEWCOMER_LOCK = 7_370_420;

/**
 * Signs in somebody whom the identity provider vouches for. Known by issuer and subject, they are who they were. Else a
 * verified address finds their account, their invites, or, by the policy, a place for newcomers. Throws `SignInFault`.
 * No code of ours is asked for: second factors are the provider's.
 */
export async function signInWithIdentity(deps: Keeping, policy: SignInPolicy, identity: Identity, address?: string): Promise<IssuedToken> {
  try {
    return await deps.db.acrossWorkspaces().transactional(async (em) => {
      const email = verifiedEmail(policy, identity);
      const userId = (await findLinked(em, deps, identity)) ?? (await findOrMake(em, deps, { policy, identity, email, address }));
      if (email !== null) await acceptInvites(em, deps, { userId, email, address });
      if (!(await em.findOne(Member, { user: userId }))) throw new SignInFault('not_invited', 'a member of no workspace');
      return await openSession(em, deps, { userId, address, by: 'oidc' });
    });
  } catch (error) {
    if (error instanceof SignInFault)
      await recordRefusal(deps, { kind: 'anyone', address }, { action: 'session.open', detail: `oidc ${error.fault}` });
    throw error;
  }
}

/** The address that the provider vouches for, or null. With domains named, nobody comes in without one of them. */
function verifiedEmail({ emailDomains }: SignInPolicy, { email, isEmailVerified }: Identity): string | null {
  const verified = email !== null && isEmailVerified ? normalEmail(email) : null;
  if (emailDomains === null) return verified;
  if (verified === null) throw new SignInFault('email_unverified');
  if (!emailDomains.includes(verified.slice(verified.lastIndexOf('@') + 1))) throw new SignInFault('email_domain');
  return verified;
}

async function findLinked(em: EntityManager, deps: Keeping, { issuer, subject }: Identity): Promise<UserId | null> {
  const [login] = await em.execute<{ user_id: UserId }[]>(
    'update external_login set last_used_at = ? where issuer = ? and subject = ? returning user_id',
    [deps.clock.now(), issuer, subject],
  );
  return login?.user_id ?? null;
}

type Coming = { policy: SignInPolicy; identity: Identity; email: string | null; address?: string };

async function findOrMake(em: EntityManager, deps: Keeping, coming: Coming): Promise<UserId> {
  const { identity, email, address } = coming;
  // Two first sign-ins of one person at the same moment take turns; the second finds what the first made.
  await em.execute('select pg_advisory_xact_lock(?)', [NEWCOMER_LOCK]);
  const linked = await findLinked(em, deps, identity);
  if (linked) return linked;
  if (email === null) throw new SignInFault('email_unverified');
  const known = await em.findOne(User, { email });
  if (known) await checkFree(em, identity, known.id);
  const userId = known?.id ?? (await makeUser(em, deps, { ...coming, email }));
  const now = deps.clock.now();
  await em.insert(ExternalLogin, { issuer: identity.issuer, subject: identity.subject, user: userId, createdAt: now, lastUsedAt: now });
  const by = { kind: 'user' as const, userId, address };
  await recordAudit(em, by, { action: 'login.link', target: userId, detail: known ? 'account that was here' : 'new account' });
  if (known) await dropUnproved(em, userId);
  return userId;
}

/** An address that the provider has given to another person does not open the account of the first. */
async function checkFree(em: EntityManager, { issuer }: Identity, user: UserId): Promise<void> {
  if (await em.findOne(ExternalLogin, { issuer, user })) throw new SignInFault('email_taken');
}

/**
 * Whoever made the account never proved that the address is theirs: somebody could have put another's there, and waited
 * behind a password of their own. What they could come in by ends when the address is proved for the first time.
 */
async function dropUnproved(em: EntityManager, user: UserId): Promise<void> {
  await em.nativeUpdate(User, { id: user }, { passwordHash: null });
  await em.nativeDelete(ConsoleSession, { user });
  await em.nativeDelete(Totp, { user });
  await em.nativeDelete(RecoveryCode, { user });
}

async function makeUser(em: EntityManager, deps: Keeping, coming: Coming & { email: string }): Promise<UserId> {
  const { policy, identity, email, address } = coming;
  const now = deps.clock.now();
  const isInvited = (await em.count(Invite, { email, expiresAt: { $gt: now } })) > 0;
  if (!isInvited && !policy.newcomer) throw new SignInFault('not_invited');
  const userId = makeId('user', now.getTime());
  await em.insert(User, { id: userId, email, name: nameOf(identity, email), passwordHash: null, createdAt: now });
  if (!isInvited && policy.newcomer) {
    const { role } = policy.newcomer;
    const workspace = await newcomersWorkspace(deps, policy.newcomer.workspace);
    await em.insert(Member, { workspace, user: userId, role, createdAt: now });
    const by = { kind: 'user' as const, userId, address };
    await recordAudit(em, by, { action: 'member.add', target: userId, detail: role, workspaceId: workspace });
  }
  return userId;
}

async function newcomersWorkspace(deps: Keeping, named: string | undefined) {
  try {
    return await findWorkspace(deps, named);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    deps.log.warn('newcomers have no workspace: set SESSIONSHOT_OIDC_WORKSPACE to the name or id of one', { code: error.code });
    throw new SignInFault('not_invited', 'no single workspace for newcomers');
  }
}

/** Open invites to a proved address are accepted by signing in: what the link would have proved is proved. */
async function acceptInvites(em: EntityManager, deps: Keeping, who: { userId: UserId; email: string; address?: string }): Promise<void> {
  const { userId, email, address } = who;
  const now = deps.clock.now();
  const invites = await em.find(Invite, { email, expiresAt: { $gt: now } }, { limit: LIMITS.invitesAcceptedMax });
  for (const invite of invites) {
    if ((await em.nativeDelete(Invite, { id: invite.id })) === 0) continue;
    const key = { workspace: invite.workspace.id, user: userId };
    if (await em.findOne(Member, key)) continue;
    await em.insert(Member, { ...key, role: invite.role, createdAt: now });
    const by = { kind: 'user' as const, userId, address };
    await recordAudit(em, by, { action: 'member.add', target: userId, detail: invite.role, workspaceId: key.workspace });
  }
}

/** What people see; the address before its `@` where the provider names nobody. */
function nameOf({ name }: Identity, email: string): string {
  const shown = (name ?? '')
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, LIMITS.nameCharsMax);
  return shown === '' ? email.slice(0, email.lastIndexOf('@')).slice(0, LIMITS.nameCharsMax) : shown;
}
