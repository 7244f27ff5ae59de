import type { EntityManager } from '@mikro-orm/postgresql';
import { TOTP } from 'otpauth';
import { Totp, type TotpRow } from '#server/db/access.entities.ts';
import type { UserId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { recordAudit, recordRefusal } from './audit.ts';
import { hashRecoveryCode, readRecoveryCode } from './recovery-codes.ts';

type Checking = Pick<Deps, 'db' | 'clock' | 'log' | 'vault'>;
/** Whose code it is, and where the call came from. */
type Owner = { userId: UserId; address?: string };

/** Six digits, a step of 30 seconds, SHA-1: what every authenticator app takes (RFC 6238). */
const STEP_SECONDS = 30;
/** Steps before and after the present one whose codes are taken: clocks and typing differ. */
const WINDOW_STEPS = 1;

/**
 * Asks for the second factor of somebody whose password was right. Passes those who have none. Without a code, and with one
 * that is wrong or was used before, it refuses with `second_factor_needed`; after `LIMITS.codeTriesMax` wrong ones with
 * `rate_limited`, wherever they came from. A code that passes is used up.
 */
export async function requireSecondFactor(deps: Checking, owner: Owner, code: string | undefined): Promise<void> {
  const totp = await deps.db.acrossWorkspaces().findOne(Totp, { user: owner.userId });
  if (!totp?.confirmedAt) return;
  if (code === undefined || code === '')
    throw new AppError('second_factor_needed', 'Give the code that your authenticator app shows now, or a recovery code.');
  await takeTry(deps, owner);
  const recovery = readRecoveryCode(code);
  if (recovery === null ? await spendCode(deps, totp, code) : await spendRecoveryCode(deps, owner, recovery)) return;
  await recordRefusal(deps, { kind: 'anyone', address: owner.address }, { action: 'session.open', target: owner.userId, detail: 'code' });
  throw new AppError('second_factor_needed', 'This code is not right, or was used already: each is good for once. Wait for the next one.');
}

/** Takes the code of an authenticator app, each once. False for a wrong one, and for one that was taken or is older than such a one. */
export async function spendCode(deps: Checking, totp: TotpRow, code: string): Promise<boolean> {
  const now = deps.clock.now().getTime();
  const delta = makeTotp(openSecret(deps, totp)).validate({ token: code.replace(/\s/g, ''), timestamp: now, window: WINDOW_STEPS });
  if (delta === null) return false;
  const step = Math.floor(now / 1000 / STEP_SECONDS) + delta;
  // One statement: of two calls with one code at the same moment the second changes no row.
  const taken = await deps.db.acrossWorkspaces().execute<unknown[]>(SPEND_CODE, [step, totp.user.id, step]);
  return taken.length > 0;
}

const SPEND_CODE = `
update totp set last_step = ?, tries = 0, tries_since = null
where user_id = ? and (last_step is null or last_step < ?) returning user_id`;

/** The generator of a secret, with the name under which an app shows it. */
export function makeTotp(secret: string, label = ''): TOTP {
  return new TOTP({ issuer: 'SessionShot', label, secret, algorithm: 'SHA1', digits: 6, period: STEP_SECONDS });
}

/** What a sealed secret is bound to: the row of another user does not open it. */
export function totpUse(userId: UserId): string {
  return `totp ${userId}`;
}

/** The vault, or the refusal that tells the operator what is missing. */
export function requireVault({ vault }: Pick<Deps, 'vault'>) {
  if (vault) return vault;
  throw new AppError(
    'unavailable',
    'This server has no key to keep secrets under: its operator has to set SESSIONSHOT_SECRET_KEY_FILE (docs/self-hosting.md).',
  );
}

function openSecret(deps: Pick<Deps, 'vault'>, totp: TotpRow): string {
  const secret = requireVault(deps).open(totp.sealedSecret, totpUse(totp.user.id));
  if (secret !== null) return secret;
  throw new AppError(
    'unavailable',
    'The secret of your authenticator app was sealed by a key that this server does not have. Use a recovery code, or ask the operator.',
  );
}

/** Counts a try before it is looked at: many at the same moment are as many tries. */
async function takeTry(deps: Checking, owner: Owner): Promise<void> {
  const now = deps.clock.now();
  const since = new Date(now.getTime() - LIMITS.codeTriesMs);
  const [row] = await deps.db
    .acrossWorkspaces()
    .execute<{ tries: number; tries_since: Date }[]>(TAKE_TRY, [since, since, now, owner.userId]);
  if (!row || row.tries <= LIMITS.codeTriesMax) return;
  await recordRefusal(
    deps,
    { kind: 'anyone', address: owner.address },
    { action: 'session.open', target: owner.userId, detail: 'too many codes' },
  );
  const endsAt = new Date(row.tries_since).getTime() + LIMITS.codeTriesMs;
  throw new AppError('rate_limited', 'Too many wrong codes for this account. Wait a quarter of an hour.', {
    retryAfterSeconds: Math.max(1, Math.ceil((endsAt - now.getTime()) / 1000)),
  });
}

const TAKE_TRY = `
update totp set
  tries = case when tries_since > ? then tries + 1 else 1 end,
  tries_since = case when tries_since > ? then tries_since else ? end
where user_id = ? returning tries, tries_since`;

/** Uses a recovery code up. */
async function spendRecoveryCode(deps: Checking, owner: Owner, code: string): Promise<boolean> {
  return await deps.db.acrossWorkspaces().transactional(async (em: EntityManager) => {
    const spent = await em.execute<unknown[]>('delete from recovery_code where user_id = ? and code_hash = ? returning user_id', [
      owner.userId,
      hashRecoveryCode(owner.userId, code),
    ]);
    if (spent.length === 0) return false;
    await em.execute('update totp set tries = 0, tries_since = null where user_id = ?', [owner.userId]);
    await recordAudit(em, { kind: 'user', ...owner }, { action: 'recovery_codes.use', target: owner.userId });
    return true;
  });
}
