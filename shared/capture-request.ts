import { z } from 'zod';
import { actionSchema, elementState, SCRIPTED, timeoutMs } from './action.ts';
import { authStateSchema, headersSchema } from './auth-state.ts';
import { DEVICE_NAMES } from './device-names.ts';
import { LIMITS } from './limits.ts';
import { outputSchema } from './output.ts';
import { redactSchema } from './redact.ts';
import { selectorSchema } from './selector.ts';
import { nearest, strict } from './strict.ts';
import { urlPatternSchema } from './url-pattern.ts';
import { captureWebhookSchema } from './webhook.ts';

const text = z.string().min(1).max(LIMITS.textCharsMax);
const script = z.string().min(1).max(LIMITS.scriptCharsMax);
const side = z.int().min(1).max(LIMITS.viewportSidePxMax);

const WAIT = 'must be a wait: an object with exactly one of selector, text, url, response, function';
const WAITS = `${WAIT}; or a list of such`;
const waitSchema = strict(
  {
    selector: selectorSchema.optional(),
    state: elementState.optional(),
    text: text.optional(),
    url: urlPatternSchema.optional(),
    response: urlPatternSchema.optional().describe('A URL or glob; met when a response from it has arrived since the capture began.'),
    function: script.optional().describe('Needs the scope `captures:script`.'),
    timeout: timeoutMs.optional(),
  },
  [],
  WAIT,
).superRefine((wait, context) => {
  const given = (['selector', 'text', 'url', 'response', 'function'] as const).filter((key) => wait[key] !== undefined);
  if (given.length !== 1) context.addIssue({ code: 'custom', message: 'needs exactly one of selector, text, url, response, function' });
  if (wait.state && !wait.selector) context.addIssue({ code: 'custom', path: ['state'], message: 'goes with `selector` only' });
});
export type Wait = z.infer<typeof waitSchema>;

const expectSchema = strict({
  selector: selectorSchema.optional(),
  state: elementState.optional(),
  text: text.optional(),
  notText: text.optional(),
  url: urlPatternSchema.optional(),
  notUrl: urlPatternSchema.optional(),
  status: z.int().min(100).max(599).optional(),
}).refine((check) => Object.entries(check).some(([key, value]) => key !== 'state' && value !== undefined), {
  message: 'needs at least one of selector, text, notText, url, notUrl, status',
});
export type Expect = z.infer<typeof expectSchema>;

const timeoutsSchema = strict({
  navigation: timeoutMs.default(30_000),
  action: timeoutMs.default(10_000),
  readiness: timeoutMs.default(20_000),
  total: z.int().min(LIMITS.totalTimeoutMsMin).max(LIMITS.totalTimeoutMsMax).default(120_000),
});

const DEVICES = new Set<string>(DEVICE_NAMES);
const device = z.string().superRefine((name, context) => {
  if (DEVICES.has(name)) return;
  const near = nearest(name, DEVICE_NAMES);
  context.addIssue({
    code: 'custom',
    message: near
      ? `is not a known device: did you mean "${near}"?`
      : 'is not a known device: use a name of Playwright’s list, such as "iPhone 15"',
  });
});
const locale = z.string().max(35, { abort: true }).refine(isLocale, 'is not a known locale: use a BCP 47 tag such as "en-GB"');
const timeZone = z
  .string()
  .max(64, { abort: true })
  .refine(isTimeZone, 'is not a known time zone: use an IANA name such as "Europe/Berlin"');
const tagKey = z.string().min(1).max(LIMITS.tagKeyCharsMax);

/** Resource types by Playwright's names, as far as the browser can tell them apart before a request is sent. */
export const BLOCKABLE_TYPES = [
  ...(['document', 'stylesheet', 'image', 'media', 'font', 'script', 'texttrack'] as const),
  ...(['xhr', 'fetch', 'eventsource', 'manifest', 'ping', 'other'] as const),
] as const;
const blockSchema = strict({
  ads: z.boolean().default(false).describe('Requests to advertising networks; never to a host of the allowed domains.'),
  cookieBanners: z.boolean().default(false).describe('Known consent banners are hidden and their scripts blocked.'),
  urls: z.array(urlPatternSchema).max(LIMITS.blockRulesMax).default([]).describe('Globs, as in `waitFor.url`.'),
  resourceTypes: z
    .array(z.enum(BLOCKABLE_TYPES))
    .max(BLOCKABLE_TYPES.length)
    .default([])
    .describe('`document` means frames; `xhr` and `fetch` each mean both.'),
}).describe('Off by default. The main document is never blocked.');
const readOnlySchema = z
  .union([
    z.boolean(),
    strict({ allow: z.array(urlPatternSchema).max(LIMITS.blockRulesMax).describe('Globs of addresses that may be sent anything.') }),
  ])
  .describe('Blocks and lists everything that may change something at the site. GraphQL queries by POST pass.');
const reproducibleSchema = z
  .union([
    z.boolean(),
    strict({
      time: z.iso
        .datetime({ offset: true, error: 'must be an RFC 3339 time such as "2025-01-01T00:00:00Z"' })
        .describe('When the page’s clock starts.'),
    }),
  ])
  .describe('Fixes clock, chance, motion, place and PDF dates. Weakens the page’s own cryptography.');

/** The fields of the contract that this version does not have yet; each is refused by name. */
export const PLANNED_FIELDS = ['runner'] as const;

/** What goes first of the captures of one workspace, the most urgent first. */
export const PRIORITIES = ['interactive', 'normal', 'bulk'] as const;

/** The one request schema: what `POST /api/captures` takes. Durations are milliseconds, lengths CSS pixels or strings. */
export const captureRequestSchema = strict(
  {
    url: z.string().describe('https only, no user info, host among the allowed domains.'),
    auth: authStateSchema.optional(),
    actions: z.array(actionSchema).max(LIMITS.actionsMax).default([]),
    waitUntil: z.enum(['auto', 'load', 'domcontentloaded', 'networkidle', 'commit']).default('auto'),
    waitFor: z
      .union([waitSchema, z.array(waitSchema).max(LIMITS.waitsMax)], { error: (issue) => (issue.input === undefined ? undefined : WAITS) })
      .optional(),
    delay: z.int().min(0).max(LIMITS.delayMsMax).default(0),
    timeouts: timeoutsSchema.prefault({}),
    onTimeout: z.enum(['fail', 'capture']).default('fail'),
    viewport: strict({ width: side, height: side }).optional().describe('Default 1280 × 720, or the device’s.'),
    deviceScaleFactor: z.number().min(0.1).max(4).optional(),
    isMobile: z.boolean().optional(),
    hasTouch: z.boolean().optional(),
    device: device.optional(),
    locale: locale.optional(),
    timezoneId: timeZone.optional(),
    colorScheme: z.enum(['light', 'dark', 'no-preference']).optional(),
    reducedMotion: z.enum(['reduce', 'no-preference']).optional(),
    forcedColors: z.enum(['active', 'none']).optional(),
    media: z.enum(['screen', 'print']).optional(),
    userAgent: z
      .string()
      .min(1)
      .max(1000)
      .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII')
      .optional(),
    geolocation: strict({
      latitude: z.number().min(-90).max(90),
      longitude: z.number().min(-180).max(180),
      accuracy: z.number().min(0).optional(),
    }).optional(),
    javaScriptEnabled: z.boolean().default(true),
    headers: headersSchema.optional().describe('Sent to the origin of the target only.'),
    hide: z.array(selectorSchema).max(50).default([]),
    remove: z.array(selectorSchema).max(50).default([]),
    styles: z.array(z.string().max(LIMITS.scriptCharsMax)).max(LIMITS.stylesMax).default([]),
    scripts: z.array(script).max(LIMITS.stylesMax).default([]).describe('Needs the scope `captures:script`.'),
    block: blockSchema.prefault({}),
    readOnly: readOnlySchema.default(false),
    reproducible: reproducibleSchema.default(false),
    redact: redactSchema.default([]).describe('Replaced in the page before it is rendered: pixels and PDF text.'),
    redactOnMiss: z.enum(['ignore', 'fail']).default('ignore').describe('`fail`: a rule that finds nothing fails the capture.'),
    priority: z
      .enum(PRIORITIES)
      .default('normal')
      .describe('Goes before or after the other captures of its workspace that wait; never before those of others.'),
    retryAfterActions: z.boolean().default(false),
    deadline: z.int().min(LIMITS.deadlineMsMin).max(LIMITS.deadlineMsMax).default(LIMITS.deadlineMsDefault),
    expect: z.array(expectSchema).max(LIMITS.expectsMax).default([]),
    output: outputSchema,
    retention: z.int().min(LIMITS.retentionMsMin).max(LIMITS.retentionMsMax).default(LIMITS.retentionMsDefault),
    tags: z
      .record(tagKey, z.string().max(LIMITS.tagValueCharsMax))
      .default({})
      .refine((tags) => Object.keys(tags).length <= LIMITS.tagsMax, `has more than ${LIMITS.tagsMax} tags`),
    reference: z.string().min(1).max(LIMITS.referenceCharsMax).optional(),
    webhook: captureWebhookSchema
      .optional()
      .describe('Told once the capture is final. Signed with the default secret of the workspace (`POST /api/webhooks/default-secret`).'),
    dryRun: z.boolean().default(false).describe('Checks everything that can be checked without a browser, and captures nothing.'),
  },
  PLANNED_FIELDS,
)
  .superRefine((request, context) => {
    const refuse = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
    const fixedWaits = request.actions.reduce((sum, action) => sum + (action.type === 'waitForTimeout' ? action.ms : 0), request.delay);
    if (fixedWaits >= request.timeouts.total)
      refuse(['actions'], `waits ${fixedWaits} ms in all, which does not fit into \`timeouts.total\` (${request.timeouts.total})`);
    const { width, height } = request.viewport ?? { width: 1280, height: 720 };
    if (width * height * (request.deviceScaleFactor ?? 1) ** 2 > LIMITS.areaPxMax)
      refuse(['viewport'], `makes more than ${LIMITS.areaPxMax} pixels with this deviceScaleFactor`);
    if (request.reproducible !== false && request.output.animations === 'allow')
      refuse(['output', 'animations'], 'contradicts `reproducible`: leave it out, or set it to "disabled"');
    for (const [key, value] of Object.entries(request.tags))
      if (key.includes('\u0000') || value.includes('\u0000')) refuse(['tags'], 'may not hold NUL');
  })
  .meta({ id: 'CaptureRequest' });
export type CaptureRequest = z.infer<typeof captureRequestSchema>;
export type CaptureRequestInput = z.input<typeof captureRequestSchema>;

/** Tells whether a request runs a caller's script in the page and so needs `captures:script`. */
export function needsScriptScope(request: CaptureRequest): boolean {
  const waits = request.waitFor === undefined ? [] : Array.isArray(request.waitFor) ? request.waitFor : [request.waitFor];
  return (
    request.scripts.length > 0 ||
    waits.some((wait) => wait.function !== undefined) ||
    request.actions.some((action) => SCRIPTED.has(action.type))
  );
}

function isLocale(tag: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag).length === 1;
  } catch {
    return false; // RangeError: the tag is not well formed
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false; // RangeError: no such zone
  }
}
