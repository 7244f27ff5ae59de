import { AppError } from '../domain/app-error.ts';
import type { Ctx } from './context.ts';

/**
 * Opens a session and gives the caller its cookie. Refuses calls that do not come from the console before anything is used
 * up: a link is good for one sign-in.
 */
export async function startSession(ctx: Ctx, open: () => Promise<{ token: string; expiresAt: Date }>): Promise<{ ok: true }> {
  if (!ctx.session) throw new AppError('forbidden', 'Signing in is for the console.');
  const { token, expiresAt } = await open();
  ctx.session.write(token, expiresAt);
  return { ok: true };
}
