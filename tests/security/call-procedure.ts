import { callTRPCProcedure } from '@trpc/server';
import type { Ctx, Instance } from '#server/api/context.ts';
import { createCounters } from '#server/api/counters.ts';
import { createRateLimits } from '#server/api/rate-limits.ts';
import { appRouter } from '#server/api/router.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { AppError } from '#server/domain/app-error.ts';
import { makeId } from '#shared/ids.ts';
import { type ApiBed, OPERATOR_TOKEN } from '../api/api-bed.ts';

const CALL_MS_MAX = 10_000;
export type Procedure = { path: string; type: 'query' | 'mutation' | 'subscription'; meta: unknown };
/** `ok`, or the code of the refusal; and everything that came back. */
export type Heard = { code: string; text: string };

/** Every procedure of the router, as it is; nothing is listed by hand. */
export function listProcedures(): Procedure[] {
  const { procedures } = appRouter._def; // flat, by path, whatever its type says
  return Object.keys(procedures).map((path) => {
    const { type, meta } = Reflect.get(procedures, path)._def;
    return { path, type, meta };
  });
}

/** Calls as the console does, over HTTP, with whatever credential is in the headers. */
export async function callByConsole(
  api: ApiBed,
  { path, type }: Procedure,
  input: unknown,
  headers: Record<string, string>,
): Promise<Heard> {
  const sent = { 'x-sessionshot': '1', 'x-forwarded-for': someAddress(), ...headers };
  const query = `/trpc/${path}${input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`}`;
  if (type === 'subscription') return await followFirst(`${api.app.url}${query}`, sent);
  const call =
    type === 'query' ? { headers: sent } : { method: 'POST', headers: { ...sent, 'content-type': 'application/json' }, body: input };
  const answer = await api.call(type === 'query' ? query : `/trpc/${path}`, {
    key: null,
    signal: AbortSignal.timeout(CALL_MS_MAX),
    ...call,
  });
  const code = answer.status === 200 ? 'ok' : JSON.parse(answer.text).error.data.problem.code;
  return { code, text: answer.text };
}

/** Calls as the command line does. */
export async function callByOperator(api: ApiBed, { path }: Procedure, input: unknown, headers: Record<string, string>): Promise<Heard> {
  const answer = await api.call(`/operator/v1/${path}`, {
    method: 'POST',
    key: null,
    headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, ...headers },
    body: input,
    signal: AbortSignal.timeout(CALL_MS_MAX),
  });
  return { code: answer.status === 200 ? 'ok' : JSON.parse(answer.text).code, text: answer.text };
}

/** Calls as REST does on behalf of an API key, so that no route that may be added to a procedure opens more than it says. */
export async function callByKey(api: ApiBed, { path, type }: Procedure, input: unknown, key: string): Promise<Heard> {
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(CALL_MS_MAX)]);
  const ctx: Ctx = {
    instance: instanceOf(api),
    requestId: makeId('request'),
    address: someAddress(),
    signal,
    resolveActor: () => authenticateApiKey(api.app.deps, key, { address: '127.0.0.1' }),
    session: null,
    create: { replayed: false },
  };
  try {
    const data = await callTRPCProcedure({ router: appRouter, path, type, ctx, getRawInput: async () => input, signal, batchIndex: 0 });
    return { code: 'ok', text: JSON.stringify(isStream(data) ? await firstOf(data) : data) ?? '' };
  } catch (error) {
    if (!(error instanceof Error && error.cause instanceof AppError)) throw error;
    return { code: error.cause.code, text: JSON.stringify([error.cause.detail, error.cause.errors]) };
  } finally {
    ended.abort();
  }
}

function instanceOf(api: ApiBed): Instance {
  return {
    deps: api.app.deps,
    own: { publicUrl: null, host: '127.0.0.1' },
    publicUrl: () => api.app.url,
    rates: createRateLimits(api.app.deps),
    counters: createCounters(),
    operatorToken: null,
    oidc: null,
    drain: new AbortController().signal,
    stop: () => undefined,
  };
}

function isStream(data: unknown): data is AsyncIterable<unknown> {
  return typeof data === 'object' && data !== null && Symbol.asyncIterator in data;
}

async function firstOf(stream: AsyncIterable<unknown>): Promise<unknown> {
  for await (const value of stream) return value;
  return undefined;
}

/** Reads a stream of events up to the first that says something. */
async function followFirst(url: string, headers: Record<string, string>): Promise<Heard> {
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(CALL_MS_MAX)]);
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal });
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const refused = /event: serialized-error\ndata: .*"problem":\{[^}]*"code":"(\w+)"/.exec(text);
      if (refused?.[1]) return { code: refused[1], text };
      if (/^id: \S+$/m.test(text)) return { code: 'ok', text };
    }
  } finally {
    ended.abort();
  }
  throw new Error(`the stream ended without a word: ${response.status} ${text}`);
}

/** Attempts to sign in are counted by address: each call comes from its own. */
let calls = 0;
function someAddress(): string {
  calls += 1;
  return `203.0.${(calls >> 8) & 255}.${calls & 255}`;
}
