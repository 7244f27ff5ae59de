import { z } from 'zod';
import { authReceiptSchema } from './capture.ts';
import { SCOPES } from './scopes.ts';

/** The answer to a request with `dryRun: true`: the request would be accepted, and this is what is known of it so far. */
export const dryRunSchema = z
  .object({
    object: z.literal('dry_run'),
    ok: z.literal(true),
    url: z.string(),
    auth: authReceiptSchema.nullable().describe('What would be put into the browser, and what would be left out; null without `auth`.'),
    warnings: z.array(z.object({ path: z.string(), message: z.string() })).describe('What is allowed and probably not meant.'),
    needs: z.array(z.enum(SCOPES)).describe('The scopes that the request needs.'),
  })
  .meta({ id: 'DryRun' });
export type DryRun = z.infer<typeof dryRunSchema>;
