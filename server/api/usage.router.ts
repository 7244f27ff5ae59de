import { z } from 'zod';
import { strict } from '#shared/strict.ts';
import { queueSchema, usageSchema } from '#shared/usage.ts';
import { USAGE_DAYS } from '#shared/usage-days.ts';
import { readQueue, readUsage } from '../domain/captures/read-usage.ts';
import { router, withScope } from './procedures.ts';

const read = withScope('captures:read');

/** What a workspace has asked for, and what of it waits. */
export const usageRouter = router({
  read: read
    .input(strict({ days: z.literal(USAGE_DAYS) }))
    .output(usageSchema)
    .query(({ ctx, input }) => readUsage(ctx.instance.deps, ctx.actor, input)),

  queue: read.output(queueSchema).query(({ ctx }) => readQueue(ctx.instance.deps, ctx.actor)),
});
