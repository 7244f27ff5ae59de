import { compare, hash } from 'bcrypt';
import { LIMITS } from '#shared/limits.ts';
import { AppError } from '../app-error.ts';
import { isEasyToGuess } from './judge-password.ts';

/** bcrypt's cost: about a quarter of a second. */
const COST = 12;
/** The hash of a password nobody has: an unknown user costs the same time as a known one. */
const NOBODY = '$2b$12$GKVsjOjPia5XtiAlB5QulumygPO/dXkA46elJShn71bB5nBAgFdqC';

/**
 * Hashes a new password of the account with this e-mail address. Refuses one that is too short, one that is easy to guess, and
 * one over 72 bytes: bcrypt would silently ignore the rest.
 */
export async function hashPassword(password: string, email: string): Promise<string> {
  const fault = lengthFault(password) ?? ((await isEasyToGuess(password, email)) ? EASY : null);
  if (fault) throw new AppError('invalid_request', `The password ${fault}.`, { errors: [{ path: 'password', message: fault }] });
  return await hash(password, COST);
}

const EASY =
  'must not be easy to guess: this one is common, follows a pattern, or is made of your e-mail address or the name SessionShot. A few unrelated words will do';

function lengthFault(password: string): string | null {
  if ([...password].length < LIMITS.passwordCharsMin) return `must have at least ${LIMITS.passwordCharsMin} characters`;
  return Buffer.byteLength(password) > LIMITS.passwordBytesMax ? `must have at most ${LIMITS.passwordBytesMax} bytes` : null;
}

/** Checks a password against a stored hash; null (no such user, or no password set) takes as long and is false. */
export async function checkPassword(password: string, stored: string | null): Promise<boolean> {
  const fits = Buffer.byteLength(password) <= LIMITS.passwordBytesMax && !password.includes('\0');
  const same = await compare(fits ? password : '', stored ?? NOBODY);
  return same && fits && stored !== null;
}
