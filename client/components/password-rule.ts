import { LIMITS } from '#shared/limits.ts';

/** What a new password must be, in words. */
export const PASSWORD_HINT = `At least ${LIMITS.passwordCharsMin} characters that nobody would guess. A long sentence is fine.`;

/** The fault of a new password, or null. The upper bound is in bytes: the server's hash reads no more. */
export function passwordFault(password: string): string | null {
  if (password.length < LIMITS.passwordCharsMin) return `Use at least ${LIMITS.passwordCharsMin} characters: this has ${password.length}.`;
  if (new TextEncoder().encode(password).length > LIMITS.passwordBytesMax)
    return `Use at most ${LIMITS.passwordBytesMax} bytes: letters beyond a–z count double or more.`;
  return null;
}

/** The fault of an email address, or null. */
export function emailFault(email: string): string | null {
  return /^\S+@\S+\.\S+$/.test(email.trim()) ? null : 'Give an email address such as you@example.com.';
}

/** The fault of a name that people read, or null. */
export function nameFault(name: string): string | null {
  if (name.trim() === '') return 'Give a name.';
  return name.trim().length > LIMITS.nameCharsMax ? `Use at most ${LIMITS.nameCharsMax} characters.` : null;
}
