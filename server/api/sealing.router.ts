import { z } from 'zod';
import { kidSchema, payloadSurveySchema, poolKeyViewSchema, purgedSchema, revokedKeySchema } from '#shared/pool-keys.ts';
import { strict } from '#shared/strict.ts';
import { purgePayloads, surveyPayloads } from '../domain/captures/purge-payloads.ts';
import { listPoolKeys } from '../domain/jobs/list-pool-keys.ts';
import { revokePoolKey } from '../domain/jobs/revoke-pool-key.ts';
import { asOperator, router } from './procedures.ts';

export const poolKeysRouter = router({
  /** The keys that captures are sealed to, and what still needs them. */
  list: asOperator.output(z.array(poolKeyViewSchema)).query(({ ctx }) => listPoolKeys(ctx.instance.deps)),

  /** For good, on all servers at once. */
  revoke: asOperator
    .meta({ access: 'operator', audit: 'pool_key.revoke' })
    .input(strict({ kid: kidSchema, evenIfUnknown: z.boolean().default(false) }))
    .output(revokedKeySchema)
    .mutation(({ ctx, input }) => revokePoolKey(ctx.instance.deps, ctx.actor, input)),
});

export const payloadsRouter = router({
  /** What a purge would find. */
  survey: asOperator
    .input(strict({ kid: kidSchema.optional() }).prefault({}))
    .output(payloadSurveySchema)
    .query(({ ctx, input }) => surveyPayloads(ctx.instance.deps, input)),

  /** One batch of a purge: again while it answers `more`. */
  purge: asOperator
    .meta({ access: 'operator', audit: 'payload.purge' })
    .input(strict({ kid: kidSchema.optional() }).prefault({}))
    .output(purgedSchema)
    .mutation(({ ctx, input }) => purgePayloads(ctx.instance.deps, ctx.actor, input)),
});
