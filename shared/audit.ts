import { z } from 'zod';
import { AUDIT_ACTIONS, AUDIT_ACTORS, AUDIT_OUTCOMES } from './audit-actions.ts';

/** One entry of the audit log: ids and words of ours, never a value that came with a request. */
export const auditEntrySchema = z.object({
  id: z.string(),
  at: z.iso.datetime({ precision: 6 }),
  workspace: z.string().nullable().describe('Null for what concerns the instance as a whole.'),
  actor: z.object({ kind: z.enum(AUDIT_ACTORS), id: z.string().nullable() }),
  address: z.string().nullable().describe('Where the call came from.'),
  action: z.enum(AUDIT_ACTIONS),
  target: z.string().nullable().describe('The id of what it was done to.'),
  outcome: z.enum(AUDIT_OUTCOMES),
  detail: z.string().nullable().describe('The domain, the attempt, or why it was refused.'),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/**
 * How an entry stands to the chain: it fits its link, and that the link before; it is not chained yet, which takes a second
 * or so; or it was changed, exchanged, or has lost its link.
 */
const AUDIT_SEALS = ['chained', 'waiting', 'broken'] as const;

/** An entry as the console shows it. Its place in the chain is not told: that counts what other workspaces do. */
export const listedEntrySchema = auditEntrySchema.extend({
  actorName: z.string().nullable().describe('What the actor is called now; null where it is gone or never had a name.'),
  seal: z.enum(AUDIT_SEALS),
});
export type ListedEntry = z.infer<typeof listedEntrySchema>;

/** An entry with its place in the chain: `hash` is made of `previousHash` and of everything the entry says. */
export const chainedEntrySchema = auditEntrySchema.extend({ position: z.int(), previousHash: z.string(), hash: z.string() });

/** How the chain is broken, at the first place where it is. */
export const AUDIT_BREAKS = {
  missing_link: 'a link of the chain is missing',
  other_previous: 'the link does not follow from the one before it',
  missing_entry: 'the entry was removed',
  changed_entry: 'the entry was changed, or exchanged for another',
  unchained_entry: 'an entry was taken out of the chain',
  other_head: 'the chain does not hold the head that was noted',
} as const;
const breakSchema = z.object({
  what: z.enum(['missing_link', 'other_previous', 'missing_entry', 'changed_entry', 'unchained_entry', 'other_head']),
  position: z.int().nullable(),
  entry: z.string().nullable(),
});
export type AuditBreak = z.infer<typeof breakSchema>;

/** A place in the chain that is known: the number of a link and its hash. */
export const auditHeadSchema = z.object({ position: z.int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/) });
export type AuditHead = z.infer<typeof auditHeadSchema>;

/** The answer about one stretch of the chain. `next` is null when it was the last, or when the chain is broken. */
export const auditVerdictSchema = z.object({
  checked: z.int(),
  head: auditHeadSchema,
  next: auditHeadSchema.nullable(),
  waiting: z.int().describe('Entries that are not in the chain yet; they are within a second or so.'),
  broken: breakSchema.nullable(),
});
export type AuditVerdict = z.infer<typeof auditVerdictSchema>;
