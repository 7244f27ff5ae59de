import type { UserActor } from '../domain/access/actor.ts';
import { AppError } from '../domain/app-error.ts';
import type { Ctx } from './context.ts';

/**
 * Opens a session and gives the caller its cookie; an attempt that fails is counted for `who`. Refuses calls that do not
 * come from the console before anything is used up: a link is good for one sign-in.
 */
export async function startSession(
  ctx: Ctx,
  who: { name: string; code?: string },
  open: () => Promise<{ token: string; expiresAt: Date }>,
): Promise<{ ok: true }> {
  const { session, address, instance } = ctx;
  const { token, expiresAt } = await instance.rates.trySignIn({ ...who, address }, async () => {
    if (!session) throw new AppError('forbidden', 'Signing in is for the console.');
    return await open();
  });
  session?.write(token, expiresAt);
  return { ok: true };
}

/** Runs what costs somebody who is signed in their password or a code once more; wrong ones are counted for the account. */
export async function proveAgain<T>(ctx: Ctx & { actor: UserActor }, code: string | undefined, work: () => Promise<T>): Promise<T> {
  return await ctx.instance.rates.trySignIn({ address: ctx.address, name: ctx.actor.userId, code }, work);
}
