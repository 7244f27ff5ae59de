import { readFile } from 'node:fs/promises';
import { type CompactJWEHeaderParameters, type CryptoKey, compactDecrypt, importJWK } from 'jose';
import { z } from 'zod';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { type RejectedItem, type ResolvedAuth, resolveAuth } from '#shared/auth-policy.ts';
import { cookieSchema, openAuthSchema, storageStateSchema } from '#shared/auth-state.ts';
import { AUTH_ITEM_KINDS } from '#shared/capture.ts';
import { captureRequestSchema } from '#shared/capture-request.ts';
import { type Failure, failure } from '#shared/failure.ts';
import { LIMITS } from '#shared/limits.ts';
import { type CapturePayload, PAYLOAD_TYPE, SEAL_ALG, SEAL_ENC, SEALED_AUTH_TYPE } from '#shared/sealed-payload.ts';

/** The private keys of this runner's pool, by key id. Keys that were rotated out are kept until what they sealed has run out. */
export type PayloadKeys = ReadonlyMap<string, CryptoKey | Uint8Array>;
export type SealedInput = { sealed: string; captureId: string; workspaceId: string; domains: readonly AllowedDomain[] };
export type OpenResult =
  | { ok: true; payload: CapturePayload; auth: ResolvedAuth | null }
  | { ok: false; failure: Failure; rejected: RejectedItem[] };

/** A key file that cannot be used; the message names the remedy and nothing of the file's contents. */
export class KeyFileError extends Error {
  override name = 'KeyFileError';
}

/** Parts that a sentence names; the receipt names all. */
const NAMED_MAX = 3;

const keySetSchema = z.object({
  keys: z.array(z.object({ kid: z.string().min(1), kty: z.literal('OKP'), crv: z.literal('X25519'), x: z.string(), d: z.string() })).min(1),
});
const storage = z.record(z.string(), z.record(z.string(), z.string()));
const resolvedAuthSchema = z.object({
  cookies: z.array(cookieSchema.extend({ domain: z.string(), path: z.string() })),
  localStorage: storage,
  sessionStorage: storage,
  indexedDB: storageStateSchema.shape.origins,
  headers: z.record(z.string(), z.string()),
  headerOrigins: z.array(z.string()),
  httpCredentials: z
    .object({ username: z.string(), password: z.string(), origin: z.string(), send: z.enum(['unauthorized', 'always']).optional() })
    .nullable(),
  rejected: z.array(
    z.object({ name: z.string(), reason: z.string(), kind: z.enum(AUTH_ITEM_KINDS).optional(), at: z.string().optional() }),
  ),
});
const payloadSchema = z.object({
  request: captureRequestSchema,
  target: z.object({ href: z.string(), origin: z.string(), host: z.string(), port: z.int(), path: z.string() }),
  auth: resolvedAuthSchema.nullable(),
  sealedAuth: z.string().nullable(),
});

/** Reads the private key set (`{ "keys": [ … ] }`). Throws `KeyFileError`. */
export async function readPayloadKeys(file: string): Promise<PayloadKeys> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new KeyFileError(`The runner's key file ${file} cannot be read.`);
  });
  const parsed = keySetSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new KeyFileError(`${file} is not a private key set of X25519 keys, each with its kid.`);
  const keys = new Map<string, CryptoKey | Uint8Array>();
  for (const key of parsed.data.keys) keys.set(key.kid, await importJWK(key, SEAL_ALG));
  return keys;
}

/**
 * Opens a capture's payload and the client's own sealed auth state inside it. Both must be sealed by the one algorithm
 * to a key of this pool; the payload must name this capture and workspace in its protected header, so that it cannot be
 * swapped for another's. Never rejects: what cannot be opened is `payload_unreadable`, an auth state that does not fit
 * is `auth_not_applied`.
 */
export async function openPayload(keys: PayloadKeys, input: SealedInput, now: number = Date.now()): Promise<OpenResult> {
  const opened = await decrypt(keys, input.sealed);
  if (!opened) return unreadable();
  const { header, json } = opened;
  if (header.typ !== PAYLOAD_TYPE || header.cap !== input.captureId || header.ws !== input.workspaceId) return unreadable();
  const parsed = payloadSchema.safeParse(json);
  if (!parsed.success) return unreadable('Its form is not one that this runner knows: server and runner may be of different versions.');
  const payload: CapturePayload = parsed.data;
  if (payload.sealedAuth === null) return { ok: true, payload, auth: payload.auth };
  return openSealedAuth(keys, { ...input, payload, sealed: payload.sealedAuth }, now);
}

async function openSealedAuth(keys: PayloadKeys, input: SealedInput & { payload: CapturePayload }, now: number): Promise<OpenResult> {
  const { payload, workspaceId, domains } = input;
  const opened = await decrypt(keys, input.sealed);
  if (!opened) return notApplied(whole('cannot be opened: seal it anew to the key of `GET /api/keys/runner`'));
  const { header, json } = opened;
  if (header.typ !== SEALED_AUTH_TYPE) return notApplied(whole(`needs \`typ: "${SEALED_AUTH_TYPE}"\` in its protected header`));
  if (header.aud !== workspaceId) return notApplied(whole('is not for this workspace: put its id into `aud` of the protected header'));
  const expiresAt = typeof header.exp === 'number' ? header.exp * 1000 : null;
  if (expiresAt === null || expiresAt > now + LIMITS.sealedAuthLifeMsMax + LIMITS.linkSkewMs)
    return notApplied(whole('needs an `exp` (seconds) at most 24 hours ahead in its protected header'));
  if (expiresAt <= now) return notApplied(whole('has run out (`exp`): seal it anew'));
  const parsed = openAuthSchema.safeParse(json);
  if (!parsed.success) return notApplied(whole(`is not valid at ${placesOf(parsed.error.issues.map((issue) => issue.path))}`));
  const { verify, ...state } = parsed.data;
  const { auth, errors } = resolveAuth(state, payload.target, domains);
  if (errors.length > 0)
    return notApplied(
      errors.map(({ path, message }) => ({ name: shortPath(path), reason: message })),
      [...auth.rejected, ...errors.map(({ path, message }) => ({ name: partOf(path, state.cookies), reason: message }))],
    );
  const known = payload.request.auth?.verify ?? verify;
  const request: CapturePayload['request'] = { ...payload.request, auth: known ? { verify: known } : {} };
  return {
    ok: true,
    payload: { ...payload, request, auth: null, sealedAuth: null },
    auth: payload.auth ? mergeAuth(payload.auth, auth) : auth,
  };
}

type Opened = { header: CompactJWEHeaderParameters & Record<string, unknown>; json: unknown };

async function decrypt(keys: PayloadKeys, sealed: string): Promise<Opened | null> {
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, (header) => keyOf(keys, header.kid), {
      keyManagementAlgorithms: [SEAL_ALG],
      contentEncryptionAlgorithms: [SEAL_ENC],
    });
    const text = new TextDecoder('utf-8', { fatal: true }).decode(plaintext);
    plaintext.fill(0);
    return { header: protectedHeader, json: parseJson(text) };
  } catch {
    return null; // no such key, another algorithm, or changed bytes: all of them mean that it is not for us
  }
}

function keyOf(keys: PayloadKeys, kid: string | undefined): CryptoKey | Uint8Array {
  const key = keys.get(kid ?? '');
  if (!key) throw new Error('The payload is sealed to a key that this runner does not hold.');
  return key;
}

function mergeAuth(a: ResolvedAuth, b: ResolvedAuth): ResolvedAuth {
  const both = (left: ResolvedAuth['localStorage'], right: ResolvedAuth['localStorage']) => {
    const origins = new Set([...Object.keys(left), ...Object.keys(right)]);
    return Object.fromEntries([...origins].map((origin) => [origin, { ...left[origin], ...right[origin] }]));
  };
  return {
    cookies: [...a.cookies, ...b.cookies],
    localStorage: both(a.localStorage, b.localStorage),
    sessionStorage: both(a.sessionStorage, b.sessionStorage),
    indexedDB: [...a.indexedDB, ...b.indexedDB],
    headers: { ...a.headers, ...b.headers },
    headerOrigins: [...new Set([...a.headerOrigins, ...b.headerOrigins])],
    httpCredentials: b.httpCredentials ?? a.httpCredentials,
    rejected: [...a.rejected, ...b.rejected],
  };
}

function placesOf(paths: readonly PropertyKey[][]): string {
  return [...new Set(paths.map((path) => shortPath(['auth', ...path.map(String)].join('.'))))].slice(0, 3).join(', ');
}

/** Names of storage keys and headers stay out of messages: only the part of the contract is named. */
function shortPath(path: string): string {
  return /^auth\.(cookies|origins)/.test(path) ? path : path.split('.').slice(0, 2).join('.');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema that follows
  }
}

function unreadable(detail?: string): OpenResult {
  return { ok: false, failure: failure('payload_unreadable', 'claimed', detail), rejected: [] };
}

/** The receipt names each part. The sentence names the first few by their place: people at the console see no names of cookies. */
function notApplied(faults: RejectedItem[], rejected = faults): OpenResult {
  const named = faults.slice(0, NAMED_MAX).map(({ name, reason }) => `\`${name}\` ${reason}`);
  return { ok: false, failure: failure('auth_not_applied', 'session', `${named.join('; ')}.`), rejected };
}

/** The sealed state refused as one: nothing in it could be looked at. */
function whole(reason: string): RejectedItem[] {
  return [{ name: 'auth.sealed', reason }];
}

/** A cookie by its name, as in every receipt; other parts by their place in the contract. */
function partOf(path: string, cookies: readonly { name: string }[] = []): string {
  const cookie = cookies[Number(/^auth\.cookies\[(\d+)\]/.exec(path)?.[1] ?? Number.NaN)];
  return cookie ? cookie.name : shortPath(path);
}
