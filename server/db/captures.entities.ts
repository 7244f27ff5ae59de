import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { type Capture as CaptureView, STATUSES, VERDICTS } from '#shared/capture.ts';
import type { Failure, Step } from '#shared/failure.ts';
import type { CaptureId, JobId } from '#shared/ids.ts';
import { FORMATS } from '#shared/output.ts';
import { Runner, Workspace } from './access.entities.ts';
import { ofCapture, ofWorkspace } from './policies.ts';

/** The resource callers see. Holds nothing of the auth state and no query string: those live in the sealed payload. */
export const Capture = defineEntity({
  name: 'Capture',
  tableName: 'capture',
  ...ofWorkspace(),
  indexes: [
    { properties: ['workspace', 'id'], name: 'capture_list' },
    { properties: ['workspace', 'status', 'id'], name: 'capture_list_by_status' },
    { properties: ['assetExpiredAt', 'expiresAt'], name: 'capture_expiry' },
  ],
  properties: {
    id: p.text().$type<CaptureId>().primary(),
    workspace: () => p.manyToOne(Workspace).ref().deleteRule('cascade'),
    createdBy: p.text().nullable(),
    status: p.enum(STATUSES),
    verdict: p.enum(VERDICTS).nullable(),
    partial: p.boolean().default(false),
    format: p.enum(FORMATS),
    url: p.text(),
    host: p.text(),
    finalUrl: p.text().nullable(),
    httpStatus: p.integer().nullable(),
    retentionMs: p.bigint('number'),
    tags: p.json<Record<string, string>>(),
    reference: p.text().nullable(),
    timings: p.json<CaptureView['timings']>(),
    readiness: p.json<CaptureView['readiness']>().nullable(),
    egress: p.json<CaptureView['egress']>().nullable(),
    controls: p.json<CaptureView['controls']>().nullable(),
    authReceipt: p.json<CaptureView['auth']>().nullable(),
    failure: p.json<Failure>().nullable(),
    createdAt: p.datetime(),
    queuedAt: p.datetime(),
    startedAt: p.datetime().nullable(),
    storedAt: p.datetime().nullable(),
    linkIssuedAt: p.datetime().nullable(),
    finishedAt: p.datetime().nullable(),
    deadlineAt: p.datetime(),
    expiresAt: p.datetime().nullable(),
    assetExpiredAt: p.datetime().nullable(),
    /** Since when somebody keeps it from being deleted, by hand or by the end of its retention. */
    heldAt: p.datetime().nullable(),
    /** Since when it is being deleted: from then on it cannot be held. */
    deletingAt: p.datetime().nullable(),
  },
});

/**
 * The sealed request of a capture. Its own table, so that no query of captures can bring it along; gone when final. `kid` is the
 * pool key that it is sealed to, `authKid` the one that the client sealed an auth state inside it to.
 */
export const CapturePayload = defineEntity({
  name: 'CapturePayload',
  tableName: 'capture_payload',
  ...ofCapture(),
  properties: {
    capture: () => p.oneToOne(Capture).ref().primary().deleteRule('cascade'),
    sealed: p.text().hidden(),
    kid: p.text().nullable(),
    authKid: p.text().nullable(),
  },
});

/** The stored result of a capture. */
export const Asset = defineEntity({
  name: 'Asset',
  tableName: 'asset',
  ...ofCapture(),
  properties: {
    capture: () => p.oneToOne(Capture).ref().primary().deleteRule('cascade'),
    blobName: p.text(),
    contentType: p.text(),
    bytes: p.integer(),
    sha256: p.text(),
    width: p.integer().nullable(),
    height: p.integer().nullable(),
    pages: p.integer().nullable(),
  },
});

/**
 * The unit of dispatch for one capture. A row that was not announced yet (`announcedAt` null) is the outbox;
 * `announcingUntil` keeps two dispatchers from announcing it at once without a lock held over the network. Lease
 * columns fence an attempt: only the holder of the lease token may extend, finish or fail it. `totalMs` is the request's
 * `timeouts.total`; `keyDomains` is the narrowing of the API key that made the capture, null for none.
 */
export const Job = defineEntity({
  name: 'Job',
  tableName: 'job',
  ...ofWorkspace(),
  indexes: [
    { properties: ['state', 'availableAt'], name: 'job_due' },
    { properties: ['state', 'turn'], name: 'job_turns' },
    { properties: ['state', 'leaseUntil'], name: 'job_leases' },
    { properties: ['state', 'deadlineAt'], name: 'job_deadlines' },
    { properties: ['workspace', 'state', 'turn'], name: 'job_by_workspace' },
    { properties: ['workspace', 'state', 'priority', 'turn'], name: 'job_by_priority' },
  ],
  properties: {
    id: p.text().$type<JobId>().primary(),
    capture: () => p.oneToOne(Capture).ref().unique().deleteRule('cascade'),
    workspace: () => p.manyToOne(Workspace).ref().deleteRule('cascade'),
    state: p.enum(['available', 'leased', 'settled'] as const),
    attempt: p.integer().default(0),
    targetFailures: p.integer().default(0),
    processDeaths: p.integer().default(0),
    sideEffects: p.boolean().default(false),
    retryAfterActions: p.boolean().default(false),
    cancelRequested: p.boolean().default(false),
    step: p.text().$type<Step>().nullable(),
    runner: () => p.manyToOne(Runner).ref().nullable(),
    leaseTokenHash: p.text().nullable().hidden(),
    leaseUntil: p.datetime().nullable(),
    availableAt: p.datetime(),
    /** When it is this job's turn among those of all workspaces; the lowest comes first. */
    turn: p.bigint('number').defaultRaw('0'),
    /** Place of its class in `PRIORITIES`. */
    priority: p.integer().default(1),
    announcingUntil: p.datetime().nullable(),
    announcedAt: p.datetime().nullable(),
    deadlineAt: p.datetime(),
    totalMs: p.integer(),
    keyDomains: p.json<AllowedDomain[]>().nullable(),
  },
});

export const ATTEMPT_OUTCOMES = ['completed', 'failed', 'lost', 'canceled'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** One try. The hash of its lease token and its outcome let a repeated report be told from a late one. */
export const Attempt = defineEntity({
  name: 'Attempt',
  tableName: 'attempt',
  ...ofCapture(),
  properties: {
    capture: () => p.manyToOne(Capture).ref().primary().deleteRule('cascade'),
    number: p.integer().primary(),
    runnerId: p.text().nullable(),
    startedAt: p.datetime(),
    finishedAt: p.datetime().nullable(),
    code: p.text().nullable(),
    leaseTokenHash: p.text().hidden(),
    outcome: p.enum(ATTEMPT_OUTCOMES).nullable(),
  },
});

/** An answered `Idempotency-Key`. `fingerprint` is an HMAC keyed by the caller's own key: a dump cannot be guessed at. */
export const IdempotencyRecord = defineEntity({
  name: 'IdempotencyRecord',
  tableName: 'idempotency_record',
  ...ofWorkspace(),
  indexes: [
    { properties: ['createdAt'], name: 'idempotency_age' },
    { properties: ['captureId'], name: 'idempotency_capture' },
  ],
  properties: {
    workspace: () => p.manyToOne(Workspace).ref().primary().deleteRule('cascade'),
    key: p.text().primary(),
    fingerprint: p.text().hidden(),
    captureId: p.text(),
    // json, not jsonb: a replay is the first answer byte for byte, and jsonb sorts members.
    answer: p.json<CaptureView>().columnType('json'),
    createdAt: p.datetime(),
  },
});

export type CaptureRow = InferEntity<typeof Capture>;
export type JobRow = InferEntity<typeof Job>;
export type AttemptRow = InferEntity<typeof Attempt>;
export type AssetRow = InferEntity<typeof Asset>;
