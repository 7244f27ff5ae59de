import { z } from 'zod';
import { sessionViewSchema, totpSecretSchema, totpViewSchema } from '#shared/console.ts';
import { strict } from '#shared/strict.ts';
import { confirmTotp, enrolTotp, readTotp, removeTotp, renewRecoveryCodes, resetTotp } from '../domain/access/enrol-totp.ts';
import { endOtherSessions, endSession, listOwnSessions } from '../domain/access/own-sessions.ts';
import { asOperator, asUser, router } from './procedures.ts';
import { proveAgain } from './start-session.ts';

const password = z.string().min(1).max(1000);
const code = z.string().trim().min(1).max(100);
const done = z.object({ ok: z.literal(true) });
const ok = { ok: true } as const;
const codes = z.object({ recoveryCodes: z.array(z.string()).describe('Shown this once.') });

/** The authenticator app of the person who is signed in. Tries at the password are counted with those at signing in. */
export const totpRouter = router({
  read: asUser.output(totpViewSchema).query(({ ctx }) => readTotp(ctx.instance.deps, ctx.actor)),

  enrol: asUser
    .meta({ access: 'user', audit: 'totp.enrol' })
    .input(strict({ password }))
    .output(totpSecretSchema)
    .mutation(({ ctx, input }) => proveAgain(ctx, undefined, () => enrolTotp(ctx.instance.deps, ctx.actor, input))),

  confirm: asUser
    .meta({ access: 'user', audit: 'totp.confirm' })
    .input(strict({ code }))
    .output(codes)
    .mutation(({ ctx, input }) => confirmTotp(ctx.instance.deps, ctx.actor, input.code)),

  renewRecoveryCodes: asUser
    .meta({ access: 'user', audit: 'recovery_codes.create' })
    .input(strict({ password, code }))
    .output(codes)
    .mutation(({ ctx, input }) => proveAgain(ctx, input.code, () => renewRecoveryCodes(ctx.instance.deps, ctx.actor, input))),

  remove: asUser
    .meta({ access: 'user', audit: 'totp.remove' })
    .input(strict({ password, code }))
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await proveAgain(ctx, input.code, () => removeTotp(ctx.instance.deps, ctx.actor, input));
      return ok;
    }),

  /** For somebody who has lost app and recovery codes. */
  reset: asOperator
    .meta({ access: 'operator', audit: 'totp.remove' })
    .input(strict({ email: z.string().trim().min(1).max(254) }))
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await resetTotp(ctx.instance.deps, ctx.actor, input.email);
      return ok;
    }),
});

/** Where the person is signed in. */
export const sessionsRouter = router({
  list: asUser.output(z.array(sessionViewSchema)).query(({ ctx }) => listOwnSessions(ctx.instance.deps, ctx.actor)),

  end: asUser
    .meta({ access: 'user', audit: 'session.revoke' })
    .input(strict({ id: z.string().min(1).max(100) }))
    .output(z.object({ id: z.string(), isCurrent: z.boolean() }))
    .mutation(async ({ ctx, input }) => {
      const ended = await endSession(ctx.instance.deps, ctx.actor, input.id);
      if (ended.isCurrent) ctx.session?.clear();
      return ended;
    }),

  endOthers: asUser
    .meta({ access: 'user', audit: 'session.revoke' })
    .output(z.object({ ended: z.int() }))
    .mutation(({ ctx }) => endOtherSessions(ctx.instance.deps, ctx.actor)),
});
