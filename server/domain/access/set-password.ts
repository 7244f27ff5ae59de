import { ConsoleSession, User } from '#server/db/access.entities.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import type { UserActor } from './actor.ts';
import { recordAudit, recordRefusal } from './audit.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { requireSecondFactor } from './second-factor.ts';
import { explainTaken, normalEmail, readProof } from './sessions.ts';

type Keeping = Pick<Deps, 'db' | 'clock' | 'log' | 'vault'>;
type NewPassword = { email: string; password: string; current?: string; code?: string };

/**
 * Sets the actor's e-mail address and password, and ends the user's other sessions. Costs the password that there is,
 * because an open console would be the account for good otherwise; who has forgotten it signs in by another way and sets
 * it within `LIMITS.freshProofMs`. Costs a code where there is an authenticator app: with another address the account could
 * be reached by single sign-on, around the app.
 */
export async function setPassword(deps: Keeping, actor: UserActor, input: NewPassword): Promise<void> {
  const proved = await requireCurrent(deps, actor, input.current);
  const passwordHash = await hashPassword(input.password, input.email);
  await requireSecondFactor(deps, { userId: actor.userId, address: actor.address }, input.code);
  await deps.db.acrossWorkspaces().transactional(async (em) => {
    const next = { email: normalEmail(input.email), passwordHash };
    // Of changes at the same moment the first counts, and whoever was signed out by it changes nothing any more.
    const changed = await em.nativeUpdate(User, { id: actor.userId, passwordHash: proved }, next).catch(explainTaken);
    if (changed === 0) throw new AppError('conflict', 'The password was changed in the meantime: sign in with the new one.');
    if ((await em.count(ConsoleSession, { tokenHash: actor.sessionHash })) === 0)
      throw new AppError('not_signed_in', 'Sign in to the console first.');
    await em.nativeDelete(ConsoleSession, { user: actor.userId, tokenHash: { $ne: actor.sessionHash } });
    await recordAudit(em, actor, { action: 'password.set', target: actor.userId });
  });
}

/** Answers the hash that was proved, null where there is no password yet. */
async function requireCurrent(deps: Keeping, actor: UserActor, current: string | undefined): Promise<string | null> {
  const em = deps.db.acrossWorkspaces();
  const user = await em.findOneOrFail(User, { id: actor.userId });
  const hash = user.passwordHash ?? null;
  if (hash === null) return null;
  if (current !== undefined && current !== '') {
    if (await checkPassword(current, hash)) return hash;
    await recordRefusal(deps, actor, { action: 'password.set', target: actor.userId, detail: 'password' });
    throw refused('The current password is not the one of your account.');
  }
  if ((await readProof(em, deps, actor)).freshProofUntil) return hash;
  throw refused(
    'Give your current password. If you have forgotten it, sign in with a new one-time link (`sessionshot open`) or by single sign-on, and set it within the hour.',
  );
}

function refused(detail: string): AppError {
  return new AppError('forbidden', detail, { errors: [{ path: 'current', message: detail }] });
}
