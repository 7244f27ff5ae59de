import { z } from 'zod';
import { auditHeadSchema, auditVerdictSchema, chainedEntrySchema, listedEntrySchema } from '#shared/audit.ts';
import { AUDIT_ACTIONS, AUDIT_ACTORS, AUDIT_OUTCOMES } from '#shared/audit-actions.ts';
import { LIMITS } from '#shared/limits.ts';
import { strict } from '#shared/strict.ts';
import { exportAudit, listAudit } from '../domain/access/read-audit.ts';
import { verifyAudit } from '../domain/access/verify-audit.ts';
import { asAdmin, asOperator, router } from './procedures.ts';

export const auditRouter = router({
  /** What was done in the workspace, newest first. */
  list: asAdmin
    .input(
      strict({
        limit: z.int().min(1).max(LIMITS.listLimitMax).default(LIMITS.listLimitDefault),
        cursor: z.string().min(1).max(100).optional(),
        action: z.enum(AUDIT_ACTIONS).optional(),
        outcome: z.enum(AUDIT_OUTCOMES).optional(),
        actorKind: z.enum(AUDIT_ACTORS).optional(),
        actorId: z.string().min(1).max(100).optional(),
        since: z.iso.datetime({ offset: true }).optional().describe('From this time on.'),
        until: z.iso.datetime({ offset: true }).optional().describe('Before this time.'),
      }).prefault({}),
    )
    .output(z.object({ data: z.array(listedEntrySchema), nextCursor: z.string().nullable() }))
    .query(({ ctx, input }) => listAudit(ctx.instance.deps, ctx.actor, input)),

  /** The log of the whole instance in the order of its chain, a page at a time. */
  export: asOperator
    .input(
      strict({
        after: z.int().min(0).default(0).describe('The position to go on from.'),
        since: z.iso.datetime({ offset: true }).optional(),
      }).prefault({}),
    )
    .output(z.object({ entries: z.array(chainedEntrySchema), next: z.int().nullable() }))
    .query(({ ctx, input }) => exportAudit(ctx.instance.deps, ctx.actor, input)),

  /** Whether the chain is whole, a stretch at a time. */
  verify: asOperator
    .input(strict({ after: auditHeadSchema.optional(), noted: auditHeadSchema.optional() }).prefault({}))
    .output(auditVerdictSchema)
    .query(({ ctx, input }) => verifyAudit(ctx.instance.deps, ctx.actor, input)),
});
