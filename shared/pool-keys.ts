import { z } from 'zod';
import { LIMITS } from './limits.ts';

/** What the command line is shown of pool keys and sealed payloads. Ids and numbers: no key, no payload. */
export const kidSchema = z
  .string()
  .min(1)
  .max(LIMITS.kidCharsMax)
  .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII');
const count = z.int().min(0);

export const poolKeyViewSchema = z.object({
  kid: z.string().nullable().describe('Null: captures that a server of before accepted, which did not write the key down.'),
  state: z
    .enum(['sealing', 'published', 'unknown', 'revoked'])
    .describe('`sealing`: the server seals to it. `published`: clients may. `unknown`: the server that was asked does not have it.'),
  waiting: count.describe('Captures that wait and need it, for the payload or for a sealed auth state inside.'),
  running: count,
  revokedAt: z.iso.datetime().nullable(),
});
export type PoolKeyView = z.infer<typeof poolKeyViewSchema>;

export const revokedKeySchema = z.object({
  kid: z.string(),
  isNew: z.boolean().describe('False where it had been revoked before.'),
  ended: count.describe('Captures that this call ended.'),
  left: count.describe('Captures that still need it, held by somebody at this moment.'),
});

/** What is in the database at one moment. */
export const payloadSurveySchema = z.object({
  payloads: count.describe('All sealed payloads that are there.'),
  ofFinalCaptures: count.describe('Payloads of captures that are final, or that nothing will ever run.'),
  pastDeadline: count.describe('Captures that wait although their deadline is over.'),
  underRevokedKeys: count,
  underKey: count.nullable().describe('Captures that need the key that was asked for; null where none was.'),
  idempotencyRecords: count,
  idempotencyExpired: count,
});
export type PayloadSurvey = z.infer<typeof payloadSurveySchema>;

/** What one call of a purge has done. `more`: there may be more of it. */
export const purgedSchema = z.object({
  payloads: count.describe('Payloads that were deleted without their capture changing.'),
  captures: count.describe('Captures that were ended, each with its payload.'),
  idempotencyRecords: count,
  more: z.boolean(),
});
export type Purged = z.infer<typeof purgedSchema>;
