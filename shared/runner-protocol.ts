import { z } from 'zod';
import { authReceiptSchema, controlsSchema, egressSchema, readinessSchema, timingsSchema, VERDICTS } from './capture.ts';
import { FAILURE_CODES, STEPS } from './failure.ts';
import { idSchema } from './ids.ts';
import { LIMITS } from './limits.ts';

/**
 * The runner protocol: plain HTTP and JSON under `/runner/v1`, authorised by `Authorization: Bearer ss_run_…`. All
 * calls but `claim` are fenced by the lease token and idempotent; a lost lease answers 409.
 */
export const RUNNER_API = '/runner/v1';

/** What a browser may be told as; one that calls itself otherwise is not told. */
export const BROWSER_VERSION = /^\d{1,4}(\.\d{1,6}){1,3}$/;
const SANDBOX_STATES = ['on', 'off'] as const;

/** One allowed-domain entry as the runner needs it for its own checks. */
export const domainEntrySchema = z.object({ host: z.string(), port: z.int().nullable(), isPrivate: z.boolean() });

export const claimRequestSchema = z.strictObject({
  jobId: idSchema('job').optional().describe('The job a doorbell named; without it: any, by long poll.'),
  isHint: z
    .boolean()
    .default(false)
    .describe('That the job named only says that something waits: the one whose turn it is is taken first, whichever that is.'),
  waitMs: z.int().min(0).max(LIMITS.claimWaitMsMax).default(0),
  strictEgress: z
    .boolean()
    .default(false)
    .describe('That this runner holds pages to `limits.parts`. One that does not say so is given no job of a strict workspace.'),
  sandbox: z.enum(SANDBOX_STATES).optional().describe("Whether the sandbox holds this runner's browsers, as it judged itself."),
  browser: z
    .strictObject({ version: z.string().regex(BROWSER_VERSION), isOld: z.boolean() })
    .optional()
    .describe('The version of its Chromium, and whether that is too old by its own setting.'),
});

/** 200 of `claim`; 204 when there is nothing to do. */
export const claimSchema = z.object({
  jobId: idSchema('job'),
  captureId: idSchema('capture'),
  workspaceId: idSchema('workspace'),
  attempt: z.int().min(1),
  leaseToken: z.string().min(20),
  leaseMs: z.int().positive(),
  sealed: z.string().describe('Compact JWE of the capture payload (see sealed-payload.ts).'),
  revokedKids: z
    .array(z.string())
    .optional()
    .describe('Pool keys that nothing may be opened with any more, by this claim or another. Absent: none.'),
  alone: z
    .literal(true)
    .optional()
    .describe('It was lost with a runner before, which it may have ended: run it with nothing beside it. Absent: an ordinary job.'),
  upload: z.object({
    url: z.string().describe('Create-only grant for one blob; a single PUT.'),
    headers: z.record(z.string(), z.string()),
    expiresAt: z.iso.datetime(),
  }),
  limits: z.object({
    totalMs: z.int().describe('What is left for this attempt.'),
    assetBytesMax: z.int(),
    domains: z.array(domainEntrySchema).describe('Where the main frame may go, and auth state may be sent.'),
    parts: z
      .array(domainEntrySchema)
      .nullable()
      .describe('Strict egress: the only other hosts that frames and sub-resources may come from. Null: any public host.'),
  }),
});
export type Claim = z.infer<typeof claimSchema>;

const leaseToken = z.string().min(20).max(100);
export const heartbeatRequestSchema = z.strictObject({
  leaseToken,
  step: z.enum(STEPS),
  sideEffects: z.boolean().default(false).describe('An action that may have an effect has begun.'),
});
/** Held up to 10 s; answered at once when the capture is canceled. */
export const heartbeatSchema = z.object({ canceled: z.boolean(), leaseMs: z.int() });

/** What the page turned out to be; sent with both outcomes as far as it is known. */
export const observedSchema = z.object({
  finalUrl: z.string().nullable().default(null).describe('Already shown form: no query values, no fragment.'),
  httpStatus: z.int32().nullable().default(null),
  verdict: z.enum(VERDICTS).nullable().default(null),
  partial: z.boolean().default(false),
  timings: timingsSchema.default({}),
  readiness: readinessSchema.nullable().default(null),
  egress: egressSchema.nullable().default(null),
  auth: authReceiptSchema.nullable().default(null),
  controls: controlsSchema.nullable().default(null),
});
export type Observed = z.infer<typeof observedSchema>;

export const completeRequestSchema = z.strictObject({
  leaseToken,
  observed: observedSchema,
  asset: z.strictObject({
    contentType: z.string().max(100),
    bytes: z.int().min(1).max(LIMITS.assetBytesMax),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    width: z.int32().min(0).nullable(),
    height: z.int32().min(0).nullable(),
    pages: z.int32().min(0).nullable(),
  }),
});
export const failRequestSchema = z.strictObject({
  leaseToken,
  observed: observedSchema,
  failure: z.strictObject({ code: z.enum(FAILURE_CODES), detail: z.string().max(1000), step: z.enum(STEPS).nullable() }),
  sideEffects: z.boolean().default(false),
});
/** Gives an attempt back unused (drain): it does not count. */
export const releaseRequestSchema = z.strictObject({ leaseToken });
/** Answer of complete, fail and release. */
export const settledSchema = z.object({ settled: z.boolean() });

export type ClaimRequest = z.input<typeof claimRequestSchema>;
export type HeartbeatRequest = z.input<typeof heartbeatRequestSchema>;
export type Heartbeat = z.infer<typeof heartbeatSchema>;
export type CompleteRequest = z.input<typeof completeRequestSchema>;
export type FailRequest = z.input<typeof failRequestSchema>;

/** The message in RabbitMQ: a doorbell. `attempt` is what it was when the job was announced, a hint. */
export const wakeUpSchema = z.object({ jobId: idSchema('job'), attempt: z.int() });
export type WakeUp = z.infer<typeof wakeUpSchema>;
/** Queue and exchange names carry a version: arguments of an existing queue cannot be changed. */
export const WAKE_UP_QUEUE = 'sessionshot.captures.v1';
export const DEAD_LETTER_EXCHANGE = 'sessionshot.dead.v1';
export const DEAD_LETTER_QUEUE = 'sessionshot.captures.dead.v1';
