import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { selectorSchema } from './selector.ts';
import { strict } from './strict.ts';
import { urlPatternSchema } from './url-pattern.ts';

const SAME_SITE = ['Strict', 'Lax', 'None'] as const;
const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const headerNameStart = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]*/;
const FORBIDDEN_HEADERS = new Set([
  'host',
  'cookie',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'content-length',
  'expect',
]);

/** A cookie as Playwright writes it. Without `domain` and `url` it is set for the target's host only. */
export const cookieSchema = strict({
  name: z.string().max(LIMITS.cookieBytesMax),
  value: z.string().max(LIMITS.cookieBytesMax),
  domain: z.string().max(254).optional(),
  path: z.string().max(1024).optional(),
  url: z.string().max(LIMITS.urlCharsMax).optional(),
  expires: z.number().optional().describe('Unix time in seconds; -1 for a session cookie.'),
  httpOnly: z.boolean().optional(),
  secure: z.boolean().optional(),
  sameSite: z.enum(SAME_SITE).optional(),
  partitionKey: z.string().max(LIMITS.urlCharsMax).optional(),
}).meta({ id: 'Cookie' });
export type Cookie = z.infer<typeof cookieSchema>;

const storageItems = z.record(z.string(), z.string());

/** `{ "https://app.example.com": { "token": "…" } }`, or flat `{ "token": "…" }` for the target's origin. */
export const webStorageSchema = z.record(z.string(), z.union([z.string(), storageItems])).superRefine((value, context) => {
  const values = Object.values(value);
  const nested = values.filter((entry) => typeof entry === 'object').length;
  if (nested !== 0 && nested !== values.length) context.addIssue({ code: 'custom', message: 'mixes origins and plain keys: use one form' });
  if (nested > LIMITS.storageOriginsMax)
    context.addIssue({ code: 'custom', message: `names more than ${LIMITS.storageOriginsMax} origins` });
  if (JSON.stringify(value).length > LIMITS.storageBytesMax)
    context.addIssue({ code: 'custom', message: `is larger than ${LIMITS.storageBytesMax} bytes` });
});
export type WebStorage = z.infer<typeof webStorageSchema>;

/** A Playwright `storageState` document, verbatim; members that Playwright adds later are passed over. */
export const storageStateSchema = z
  .looseObject({
    cookies: z
      .array(z.looseObject({ name: z.string(), value: z.string(), domain: z.string(), path: z.string() }))
      .max(LIMITS.cookiesMax)
      .default([]),
    origins: z
      .array(
        z.looseObject({
          origin: z.string(),
          localStorage: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
          indexedDB: z.array(z.unknown()).optional(),
        }),
      )
      .max(LIMITS.storageOriginsMax)
      .default([]),
  })
  .meta({ id: 'StorageState' });
export type StorageState = z.infer<typeof storageStateSchema>;

/** Request headers. CR, LF, hop-by-hop names, `Host`, `Cookie` and `Proxy-*` are refused. */
export const headersSchema = z.record(z.string(), z.string()).superRefine((headers, context) => {
  const entries = Object.entries(headers);
  if (entries.length > LIMITS.headersMax) context.addIssue({ code: 'custom', message: `has more than ${LIMITS.headersMax} headers` });
  for (const [name, value] of entries) {
    const fault = headerFault(name, value);
    // A whole line given as a name (`Authorization: Bearer …`) would come back with its secret: the path ends before it.
    if (fault) context.addIssue({ code: 'custom', path: [headerNameStart.exec(name)?.[0] ?? ''], message: fault });
  }
});

function headerFault(name: string, value: string): string | null {
  const lower = name.toLowerCase();
  if (!headerName.test(name)) return 'is not a valid header name: it goes on with what cannot stand in one';
  if (FORBIDDEN_HEADERS.has(lower) || lower.startsWith('proxy-'))
    return 'may not be set: the browser owns this header (use `auth.cookies` for cookies)';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return 'holds a control character';
  if (value.length > LIMITS.headerValueCharsMax) return `is longer than ${LIMITS.headerValueCharsMax} characters`;
  return null;
}

const text = z.string().min(1).max(LIMITS.textCharsMax);
export const verifySchema = strict({
  selector: selectorSchema.optional().describe('An element that only a signed-in user sees.'),
  text: text.optional(),
  url: urlPatternSchema.optional().describe('A glob that the final URL must match.'),
  notUrl: urlPatternSchema.optional().describe('A glob that the final URL must not match.'),
}).refine((verify) => Object.values(verify).some((value) => value !== undefined), {
  message: 'needs at least one of selector, text, url, notUrl',
});
export type AuthVerify = z.infer<typeof verifySchema>;

const authShape = {
  cookies: z.array(cookieSchema).max(LIMITS.cookiesMax).optional(),
  localStorage: webStorageSchema.optional(),
  sessionStorage: webStorageSchema.optional(),
  storageState: storageStateSchema.optional(),
  headers: headersSchema.optional().describe('Sent only to `origins`.'),
  origins: z
    .array(z.string().max(LIMITS.urlCharsMax))
    .min(1)
    .max(LIMITS.storageOriginsMax)
    .optional()
    .describe('Default: the origin of the target.'),
  bearer: z
    .string()
    .min(1)
    .max(LIMITS.headerValueCharsMax)
    .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII')
    .optional(),
  httpCredentials: strict({
    username: z.string().max(1024),
    password: z.string().max(1024),
    origin: z.string().max(LIMITS.urlCharsMax).optional().describe('Default: the origin of the target.'),
    send: z
      .enum(['unauthorized', 'always'])
      .optional()
      .describe('When the site asks for them (default), or with every request to the origin.'),
  })
    .refine((given) => !given.username.includes(':'), {
      path: ['username'],
      message: 'may not hold a colon: basic authentication cannot carry it',
    })
    .optional(),
};

/** What a sealed auth object holds: everything but `sealed` itself and `verify`, which the server must see. */
export const openAuthSchema = strict({ ...authShape, verify: verifySchema.optional() }, ['session']);

/** The logged-in state that a capture carries. It is sealed before it is stored and never shown again. */
export const authStateSchema = strict(
  {
    ...authShape,
    sealed: z
      .string()
      .max(LIMITS.sealedAuthBytesMax)
      .regex(/^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$/, 'must be a compact JWE of five parts')
      .optional(),
    verify: verifySchema.optional(),
  },
  ['session'],
).meta({ id: 'AuthState' });
export type AuthState = z.infer<typeof authStateSchema>;
