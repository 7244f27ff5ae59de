import { Secret as OtpSecret } from 'otpauth';
import { ConsoleSession, RecoveryCode, Totp, User } from '#server/db/access.entities.ts';
import type { AuditAction } from '#shared/audit-actions.ts';
import type { TotpSecret, TotpView } from '#shared/console.ts';
import { LIMITS } from '#shared/limits.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import type { UserActor } from './actor.ts';
import { type AuditActor, recordAudit, recordRefusal } from './audit.ts';
import { checkPassword } from './passwords.ts';
import { makeRecoveryCodes } from './recovery-codes.ts';
import { makeTotp, requireSecondFactor, requireVault, spendCode, totpUse } from './second-factor.ts';
import { normalEmail } from './sessions.ts';

type Keeping = Pick<Deps, 'db' | 'clock' | 'log' | 'vault'>;
/** 160 bits, as RFC 4226 recommends. */
const SECRET_BYTES = 20;

/** Tells how the actor signs in besides the password. */
export async function readTotp(deps: Pick<Deps, 'db'>, actor: UserActor): Promise<TotpView> {
  const em = deps.db.acrossWorkspaces();
  const [user, totp, recoveryCodesLeft] = [
    await em.findOneOrFail(User, { id: actor.userId }),
    await em.findOne(Totp, { user: actor.userId }),
    await em.count(RecoveryCode, { user: actor.userId }),
  ];
  const onSince = totp?.confirmedAt?.toISOString() ?? null;
  return { isOn: onSince !== null, onSince, recoveryCodesLeft, hasPassword: user.passwordHash !== null && user.passwordHash !== undefined };
}

/**
 * Makes a secret for an authenticator app and answers it, this once. It counts when a code of it was given
 * (`confirmTotp`), within `LIMITS.totpPendingMs`. Asks for the password: whoever sits at an open console must not lock its
 * person out. Refuses with `conflict` where there is no password, or an app already.
 */
export async function enrolTotp(deps: Keeping, actor: UserActor, input: { password: string }): Promise<TotpSecret> {
  const vault = requireVault(deps);
  const user = await provePassword(deps, actor, 'totp.enrol', input.password);
  const secret = new OtpSecret({ size: SECRET_BYTES }).base32;
  await deps.db.acrossWorkspaces().transactional(async (em) => {
    // Also at the same moment: an app that counts is never replaced by one that does not.
    await em.nativeDelete(Totp, { user: actor.userId, confirmedAt: null });
    const made = await em.execute<unknown[]>(INSERT, [actor.userId, vault.seal(secret, totpUse(actor.userId)), deps.clock.now()]);
    if (made.length === 0) throw new AppError('conflict', 'An authenticator app is set up already: remove it first.');
    await recordAudit(em, actor, { action: 'totp.enrol', target: actor.userId });
  });
  return { secret, uri: makeTotp(secret, user.email ?? user.name).toString() };
}

const INSERT = `insert into totp (user_id, sealed_secret, created_at, tries) values (?, ?, ?, 0)
on conflict (user_id) do nothing returning user_id`;

/**
 * Makes the app count, by a first code of it, and answers the recovery codes, this once. The person's other sessions end:
 * they were opened without a code.
 */
export async function confirmTotp(deps: Keeping, actor: UserActor, code: string): Promise<{ recoveryCodes: string[] }> {
  const now = deps.clock.now();
  const totp = await deps.db.acrossWorkspaces().findOne(Totp, { user: actor.userId });
  const isPending = totp && !totp.confirmedAt && now.getTime() - totp.createdAt.getTime() < LIMITS.totpPendingMs;
  if (!isPending) throw new AppError('conflict', 'No authenticator app waits for its first code: begin again.');
  if (!(await spendCode(deps, totp, code)))
    throw new AppError('invalid_request', 'This code is not right. Check that the clock of the phone is, and give the code it shows now.');
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    // The secret is named too: another tab may have begun anew in the meantime, and that app has proved nothing.
    const same = { user: actor.userId, confirmedAt: null, sealedSecret: totp.sealedSecret };
    if ((await em.nativeUpdate(Totp, same, { confirmedAt: now })) === 0)
      throw new AppError('conflict', 'The app was set up anew in the meantime: begin again.');
    await em.nativeDelete(ConsoleSession, { user: actor.userId, tokenHash: { $ne: actor.sessionHash } });
    await recordAudit(em, actor, { action: 'totp.confirm', target: actor.userId });
    return { recoveryCodes: await makeRecoveryCodes(em, actor.userId) };
  });
}

/** Makes new recovery codes in the place of those that are left, and answers them, this once. Asks for both factors. */
export async function renewRecoveryCodes(
  deps: Keeping,
  actor: UserActor,
  input: { password: string; code: string },
): Promise<{ recoveryCodes: string[] }> {
  await proveBoth(deps, actor, 'recovery_codes.create', input);
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    await recordAudit(em, actor, { action: 'recovery_codes.create', target: actor.userId });
    return { recoveryCodes: await makeRecoveryCodes(em, actor.userId) };
  });
}

/** Takes the app and the recovery codes away. Asks for both factors; a recovery code will do for the second. */
export async function removeTotp(deps: Keeping, actor: UserActor, input: { password: string; code: string }): Promise<void> {
  await proveBoth(deps, actor, 'totp.remove', input);
  await takeAway(deps, actor, actor.userId);
}

/**
 * Takes the app away from somebody who has lost it and the recovery codes: by the operator of the machine, who must know
 * by other means who is asking. `not_found` for an address without one.
 */
export async function resetTotp(deps: Keeping, by: AuditActor, email: string): Promise<void> {
  const totp = await deps.db.acrossWorkspaces().findOne(Totp, { user: { email: normalEmail(email) } });
  if (!totp) throw new AppError('not_found', 'Nobody with this e-mail address has an authenticator app.');
  await takeAway(deps, by, totp.user.id);
}

async function takeAway(deps: Pick<Deps, 'db'>, by: AuditActor, userId: UserActor['userId']): Promise<void> {
  await deps.db.acrossWorkspaces().transactional(async (em) => {
    const removed = await em.nativeDelete(Totp, { user: userId });
    await em.nativeDelete(RecoveryCode, { user: userId });
    if (removed > 0) await recordAudit(em, by, { action: 'totp.remove', target: userId });
  });
}

async function proveBoth(deps: Keeping, actor: UserActor, action: AuditAction, input: { password: string; code: string }): Promise<void> {
  const { isOn } = await readTotp(deps, actor);
  if (!isOn) throw new AppError('conflict', 'No authenticator app is set up.');
  await provePassword(deps, actor, action, input.password);
  await requireSecondFactor(deps, { userId: actor.userId, address: actor.address }, input.code);
}

async function provePassword(deps: Keeping, actor: UserActor, action: AuditAction, password: string) {
  const user = await deps.db.acrossWorkspaces().findOneOrFail(User, { id: actor.userId });
  if (!user.passwordHash) throw new AppError('conflict', 'Set a password first: the code is asked for after it.');
  if (await checkPassword(password, user.passwordHash)) return user;
  await recordRefusal(deps, actor, { action, target: actor.userId, detail: 'password' });
  const message = 'The password is not the one of your account.';
  throw new AppError('forbidden', message, { errors: [{ path: 'password', message }] });
}
