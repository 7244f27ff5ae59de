import { z } from 'zod';
import { AppError } from '../domain/app-error.ts';
import { findActiveKeys } from '../domain/jobs/list-pool-keys.ts';
import { healthSchema, readHealth } from './health.ts';
import { asMember, open, router } from './procedures.ts';

/** The pool's public keys, as a JWKS (RFC 7517). Never holds a private member. */
export const jwksSchema = z
  .object({
    keys: z.array(
      z.object({
        kty: z.string(),
        crv: z.string(),
        x: z.string(),
        kid: z.string(),
        alg: z.string().optional(),
        use: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'JsonWebKeySet' });

export const systemRouter = router({
  health: asMember.output(healthSchema).query(({ ctx }) => readHealth(ctx.instance)),

  /** The keys that are not revoked, the one to seal to first. */
  runnerKeys: open.output(jwksSchema).query(async ({ ctx }) => {
    const { deps } = ctx.instance;
    if (!deps.sealer)
      throw new AppError('unavailable', 'The server has no public key of the runners: set SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE.', {
        retryAfterSeconds: 60,
      });
    return { keys: (await findActiveKeys(deps)).map(({ jwk }) => jwk) };
  }),
});
