import { compare, hash } from 'bcrypt';
import { LIMITS } from '#shared/limits.ts';
import { AppError } from '../app-error.ts';

/** bcrypt's cost: about a quarter of a second. */
const COST = 12;
/** The hash of a password nobody has: an unknown user costs the same time as a known one. */
const NOBODY = '$2b$12$GKVsjOjPia5XtiAlB5QulumygPO/dXkA46elJShn71bB5nBAgFdqC';

/** Hashes a new password. Refuses one that is too short, or over 72 bytes: bcrypt would silently ignore the rest. */
export async function hashPassword(password: string): Promise<string> {
  const fault =
    [...password].length < LIMITS.passwordCharsMin
      ? `must have at least ${LIMITS.passwordCharsMin} characters`
      : Buffer.byteLength(password) > LIMITS.passwordBytesMax
        ? `must have at most ${LIMITS.passwordBytesMax} bytes`
        : null;
  if (fault) throw new AppError('invalid_request', `The password ${fault}.`, { errors: [{ path: 'password', message: fault }] });
  return await hash(password, COST);
}

/** Checks a password against a stored hash; null (no such user, or no password set) takes as long and is false. */
export async function checkPassword(password: string, stored: string | null): Promise<boolean> {
  const fits = Buffer.byteLength(password) <= LIMITS.passwordBytesMax && !password.includes('\0');
  const same = await compare(fits ? password : '', stored ?? NOBODY);
  return same && fits && stored !== null;
}
