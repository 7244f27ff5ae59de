import { defineEntity, p } from '@mikro-orm/core';
import { AUDIT_OUTCOMES, type AuditAction, type AuditActorKind } from '#shared/audit-actions.ts';
import { ofWorkspace } from './policies.ts';

/**
 * Refuses every change, by the server's own account too, unless that account takes the trigger away. `truncate` has a
 * trigger of its own in the migration: the schema's reader does not see such ones.
 */
const appendOnly = () => [
  {
    name: 'append_only',
    timing: 'before' as const,
    events: ['update' as const, 'delete' as const],
    forEach: 'statement' as const,
    body: `raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege'`,
  },
];

/** What somebody did. No foreign keys: an entry outlives everything it names. */
export const AuditEvent = defineEntity({
  name: 'AuditEvent',
  tableName: 'audit_event',
  ...ofWorkspace(),
  indexes: [
    { properties: ['workspace', 'id'], name: 'audit_event_list' },
    { properties: ['action', 'at'], name: 'audit_event_recent' },
  ],
  triggers: appendOnly(),
  properties: {
    id: p.text().primary(),
    workspace: p.text().fieldName('workspace_id').nullable(),
    at: p.datetime(),
    actorKind: p.text().$type<AuditActorKind>(),
    actorId: p.text().nullable(),
    address: p.text().nullable(),
    action: p.text().$type<AuditAction>(),
    target: p.text().nullable(),
    outcome: p.enum(AUDIT_OUTCOMES),
    detail: p.text().nullable(),
  },
});

/** The chain: one link for each entry, numbered without gaps. Two links can have neither one place nor one entry. */
export const AuditLink = defineEntity({
  name: 'AuditLink',
  tableName: 'audit_link',
  triggers: appendOnly(),
  properties: {
    position: p.bigint('number').primary().autoincrement(false),
    eventId: p.text().unique(),
    previousHash: p.text(),
    hash: p.text(),
  },
});

/** Entries that are not in the chain yet: written with them, taken away with their link. */
export const AuditPending = defineEntity({
  name: 'AuditPending',
  tableName: 'audit_pending',
  properties: { eventId: p.text().primary() },
});
