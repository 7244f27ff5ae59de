import { z } from 'zod';
import { apiKeyViewSchema, DOMAIN_USES, domainViewSchema, EGRESS_MODES, meViewSchema, runnerViewSchema } from '#shared/console.ts';
import { LIMITS } from '#shared/limits.ts';
import { DEFAULT_SCOPES, SCOPES } from '#shared/scopes.ts';
import { strict } from '#shared/strict.ts';
import { addAllowedDomain, checkAllowedDomain, listAllowedDomains, removeAllowedDomain } from '../domain/access/allowed-domains.ts';
import { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from '../domain/access/api-keys.ts';
import { readEgressMode, setEgressMode } from '../domain/access/egress-mode.ts';
import { acknowledgeNetwork } from '../domain/access/key-networks.ts';
import { proveDomain } from '../domain/access/prove-domain.ts';
import { revokeLeakedToken } from '../domain/access/revoke-leaked-token.ts';
import { createRunner, listRunners, revokeRunner } from '../domain/access/runners.ts';
import { createOwner, createOwnerSignInLink, readMe, signInWithLink, signInWithPassword, signOut } from '../domain/access/sessions.ts';
import { setPassword } from '../domain/access/set-password.ts';
import { hasOwner } from '../domain/access/workspaces.ts';
import { asAdmin, asMember, asOperator, asUser, open, router, withScope } from './procedures.ts';
import { proveAgain, startSession } from './start-session.ts';

const id = z.string().min(1).max(100);
const byId = strict({ id });
const name = z.string().trim().min(1).max(LIMITS.nameCharsMax);
const email = z.string().trim().max(254).pipe(z.email());
/** The length in bytes is judged by the domain, where the password is hashed. */
const password = z.string().min(1).max(1000);
/** The second factor, where there is one: six digits, or a recovery code. */
const code = z.string().trim().min(1).max(100).optional();
const domainText = z.string().min(1).max(300);
const done = z.object({ ok: z.literal(true) });
const ok = { ok: true } as const;
const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;

export const authRouter = router({
  me: asUser.output(meViewSchema).query(({ ctx }) => readMe(ctx.instance.deps, ctx.actor)),

  /** Whether nobody owns this instance yet: then `/setup` makes the first owner. */
  setupNeeded: open.output(z.object({ needed: z.boolean() })).query(async ({ ctx }) => ({ needed: !(await hasOwner(ctx.instance.deps)) })),

  /** How people sign in besides by password. */
  signInWays: open
    .output(z.object({ oidc: z.object({ name: z.string() }).nullable() }))
    .query(({ ctx }) => ({ oidc: ctx.instance.oidc && { name: ctx.instance.oidc.provider.name } })),

  createOwner: open
    .meta({ access: 'anyone', audit: 'workspace.create' })
    .input(strict({ name, email, password, workspaceName: name }))
    .output(done)
    .mutation(({ ctx, input }) =>
      startSession(ctx, { name: 'setup' }, () => createOwner(ctx.instance.deps, { ...input, address: ctx.address })),
    ),

  signIn: open
    .meta({ access: 'anyone', audit: 'session.open' })
    .input(strict({ email: z.string().trim().min(1).max(254), password, code }))
    .output(done)
    .mutation(({ ctx, input }) =>
      startSession(ctx, { name: input.email, code: input.code }, () =>
        signInWithPassword(ctx.instance.deps, { ...input, address: ctx.address }),
      ),
    ),

  signInWithLink: open
    .meta({ access: 'anyone', audit: 'session.open' })
    .input(strict({ token: z.string().min(1).max(200) }))
    .output(done)
    .mutation(({ ctx, input }) => startSession(ctx, { name: 'link' }, () => signInWithLink(ctx.instance.deps, input.token, ctx.address))),

  signOut: asUser
    .meta({ access: 'user', audit: 'session.close' })
    .output(done)
    .mutation(async ({ ctx }) => {
      await signOut(ctx.instance.deps, ctx.actor);
      ctx.session?.clear();
      return ok;
    }),

  /** A one-time link that signs in the owner of the instance. */
  createSignInLink: asOperator
    .meta({ access: 'operator', audit: 'sign_in_link.create' })
    .output(z.object({ url: z.string(), expiresAt: z.iso.datetime() }))
    .mutation(async ({ ctx }) => {
      const link = await createOwnerSignInLink(ctx.instance.deps, ctx.actor);
      // In the fragment: it is not sent to any server, not even to ours, and so is in no log.
      return { url: `${ctx.instance.publicUrl()}/sign-in#token=${link.token}`, expiresAt: link.expiresAt.toISOString() };
    }),

  setPassword: asUser
    .meta({ access: 'user', audit: 'password.set' })
    .input(strict({ email, password, current: password.optional(), code }))
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await proveAgain(ctx, input.code, () => setPassword(ctx.instance.deps, ctx.actor, input));
      return ok;
    }),
});

const createdKey = z.object({ apiKey: apiKeyViewSchema, key: z.string().describe('Shown this once.') });

/** The text is judged by the domain: what is wrong with it is said without it. */
export const leakedKeySchema = strict({
  key: z.string().max(200).describe('The whole key, `ss_live_…`, or the whole token of a runner, `ss_run_…`.'),
}).meta({ id: 'LeakedKey' });

export const keysRouter = router({
  list: asAdmin.output(z.array(apiKeyViewSchema)).query(({ ctx }) => listApiKeys(ctx.instance.deps, ctx.actor)),

  create: asAdmin
    .meta({ access: 'admin', audit: 'key.create' })
    .input(
      strict({
        name,
        scopes: z
          .array(z.enum(SCOPES))
          .min(1)
          .max(SCOPES.length)
          .default([...DEFAULT_SCOPES]),
        domains: z.array(domainText).min(1).max(100).optional().describe('Narrows the workspace’s allowed domains.'),
        expiresInMs: z
          .int()
          .min(MINUTE_MS)
          .max(5 * YEAR_MS)
          .nullish(),
        maxConcurrentCaptures: z
          .int()
          .min(1)
          .max(LIMITS.keyConcurrencyMax)
          .nullish()
          .describe('How many captures of the key may be unfinished at once.'),
        allowedAddresses: z.array(z.string().min(1).max(64)).min(1).max(100).optional().describe('Addresses or CIDR ranges.'),
      }),
    )
    .output(createdKey)
    .mutation(({ ctx, input }) => createApiKey(ctx.instance.deps, ctx.actor, input)),

  revoke: asAdmin
    .meta({ access: 'admin', audit: 'key.revoke' })
    .input(byId)
    .output(apiKeyViewSchema)
    .mutation(({ ctx, input }) => revokeApiKey(ctx.instance.deps, ctx.actor, input.id)),

  /** Ends the alert about a network that a key was used from for the first time. */
  acknowledgeNetwork: asAdmin
    .meta({ access: 'admin', audit: 'key.acknowledge' })
    .input(strict({ id, network: z.string().min(1).max(LIMITS.addressCharsMax) }))
    .output(apiKeyViewSchema)
    .mutation(({ ctx, input }) => acknowledgeNetwork(ctx.instance.deps, ctx.actor, input)),

  /** For whoever found a key or the token of a runner: it is ended by itself, and nothing is told of it. */
  revokeLeaked: open
    .meta({ access: 'anyone', audit: 'key.revoke' })
    .input(leakedKeySchema)
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await ctx.instance.rates.takeRevocation(ctx.address);
      await revokeLeakedToken(ctx.instance.deps, { ...input, address: ctx.address });
      return ok;
    }),

  rotate: asAdmin
    .meta({ access: 'admin', audit: 'key.rotate' })
    .input(
      strict({
        id,
        overlapMs: z
          .int()
          .min(0)
          .max(7 * 24 * 60 * MINUTE_MS)
          .default(24 * 60 * MINUTE_MS),
      }),
    )
    .output(createdKey)
    .mutation(({ ctx, input }) => rotateApiKey(ctx.instance.deps, ctx.actor, input.id, { overlapMs: input.overlapMs })),
});

/** How far pages may load from elsewhere. */
const egressPolicy = strict({ mode: z.enum(EGRESS_MODES) });

export const domainsRouter = router({
  list: asMember.output(z.array(domainViewSchema)).query(({ ctx }) => listAllowedDomains(ctx.instance.deps, ctx.actor)),

  add: asAdmin
    .meta({ access: 'admin', audit: 'domain.add' })
    .input(strict({ domain: domainText, isPrivate: z.boolean().default(false), use: z.enum(DOMAIN_USES).default('pages') }))
    .output(domainViewSchema)
    .mutation(({ ctx, input }) => addAllowedDomain(ctx.instance.deps, ctx.actor, input)),

  /** Looks whether the record that an entry waits for is there. */
  prove: asAdmin
    .meta({ access: 'admin', audit: 'domain.prove' })
    .input(byId)
    .output(domainViewSchema)
    .mutation(({ ctx, input }) => proveDomain(ctx.instance.deps, ctx.actor, input.id)),

  remove: asAdmin
    .meta({ access: 'admin', audit: 'domain.remove' })
    .input(byId)
    .output(byId)
    .mutation(({ ctx, input }) => removeAllowedDomain(ctx.instance.deps, ctx.actor, input.id)),

  check: asMember
    .input(strict({ url: z.string().min(1).max(LIMITS.urlCharsMax) }))
    .output(z.object({ allowed: z.boolean(), reason: z.string() }))
    .query(({ ctx, input }) => checkAllowedDomain(ctx.instance.deps, ctx.actor, input.url)),

  egressMode: asMember.output(egressPolicy).query(({ ctx }) => readEgressMode(ctx.instance.deps, ctx.actor)),

  setEgressMode: asAdmin
    .meta({ access: 'admin', audit: 'workspace.policy' })
    .input(egressPolicy)
    .output(egressPolicy)
    .mutation(({ ctx, input }) => setEgressMode(ctx.instance.deps, ctx.actor, input)),
});

export const runnersRouter = router({
  list: withScope('captures:read')
    .output(z.array(runnerViewSchema))
    .query(({ ctx }) => listRunners(ctx.instance.deps, ctx.actor)),

  createToken: asOperator
    .meta({ access: 'operator', audit: 'runner.create' })
    .input(strict({ name }))
    .output(z.object({ runner: runnerViewSchema, token: z.string().describe('Shown this once.') }))
    .mutation(({ ctx, input }) => createRunner(ctx.instance.deps, input, ctx.actor)),

  revoke: asOperator
    .meta({ access: 'operator', audit: 'runner.revoke' })
    .input(byId)
    .output(runnerViewSchema)
    .mutation(({ ctx, input }) => revokeRunner(ctx.instance.deps, ctx.actor, input.id)),
});
