import { z } from 'zod';

/**
 * Everything the audit log can say that somebody did, or was refused. Those of `…use`, `runner.claim` and the reports of a
 * runner are written when they are refused; a claim that is granted is `payload.open`.
 */
export const AUDIT_ACTIONS = [
  ...(['workspace.create', 'workspace.rename', 'workspace.switch'] as const),
  ...(['member.add', 'member.role', 'member.remove', 'invite.create', 'invite.revoke'] as const),
  ...(['session.open', 'session.close', 'session.revoke', 'sign_in_link.create', 'password.set'] as const),
  ...(['totp.enrol', 'totp.confirm', 'totp.remove', 'recovery_codes.create', 'recovery_codes.use'] as const),
  'login.link',
  ...(['key.create', 'key.rotate', 'key.revoke', 'key.use'] as const),
  ...(['domain.add', 'domain.remove'] as const),
  ...(['runner.create', 'runner.revoke', 'runner.use', 'runner.claim'] as const),
  ...(['runner.heartbeat', 'runner.complete', 'runner.fail', 'runner.release'] as const),
  ...(['capture.create', 'capture.cancel', 'capture.delete', 'capture.expire', 'capture.link'] as const),
  'payload.open',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** `server`: the instance itself (retention, the first start). `anyone`: somebody who did not say who he is. */
export const AUDIT_ACTORS = ['user', 'apiKey', 'operator', 'runner', 'server', 'anyone'] as const;
export type AuditActorKind = (typeof AUDIT_ACTORS)[number];
export const AUDIT_OUTCOMES = ['ok', 'refused'] as const;

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
