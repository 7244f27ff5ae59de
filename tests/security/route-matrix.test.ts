import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCOPES, type Scope } from '#shared/scopes.ts';
import { type Answer, OPERATOR_TOKEN } from '../api/api-bed.ts';
import { type AccessBed, createAccessBed } from './access-bed.ts';
import type { Subject } from './cases/procedures.ts';
import { ROUTES, type RouteCase } from './cases/routes.ts';

/**
 * The doors of the server: every route that is mounted × every credential. Where a route calls a procedure, what that needs
 * is told by `access-matrix.test.ts`; here it is what a caller finds over HTTP.
 */
let bed: AccessBed;
const mounted = new Set<string>();
beforeAll(async () => {
  subscribe('fastify.initialization', collect);
  bed = await createAccessBed();
  unsubscribe('fastify.initialization', collect);
});
afterAll(() => bed?.close());

/** Fastify tells of each instance before anything is mounted on it. */
function collect(message: unknown): void {
  const app = typeof message === 'object' && message !== null ? Reflect.get(message, 'fastify') : undefined;
  app.addHook('onRoute', ({ method, url }: { method: string | string[]; url: string }) => {
    if (Array.isArray(method)) mounted.add(`ALL ${url}`);
    else if (method !== 'HEAD') mounted.add(`${method} ${url}`);
  });
}

test('every route that is mounted is in the matrix, and no other', () => {
  expect([...mounted].toSorted()).toEqual(Object.keys(ROUTES).toSorted());
});

const rows = Object.entries(ROUTES).flatMap(([route, cases]) =>
  cases.map((rule, index): [string, string, RouteCase] => [`${route}${index > 0 ? ` (${index + 1})` : ''}`, route, rule]),
);

describe.each(rows.filter(([, , { door }]) => door !== 'console'))('%s', (_name, route, rule) => {
  test('is opened by its own credential and by no other', async () => {
    const credentials = await everyCredential();
    const subject = await bed.first.makeSubject();
    const before = await bed.first.picture();
    for (const [who, headers] of credentials) {
      const expected = refusalOf(rule, who);
      if (expected === null) continue;
      const answer = await call(route, rule, subject, headers);
      expect([who, answer.status, codeOf(answer)]).toEqual([who, ...expected]);
      if (route.startsWith('GET ')) expect((await call(route.replace('GET', 'HEAD'), rule, subject, headers)).status).toBe(answer.status);
    }
    expect(await bed.first.picture()).toEqual(before);
  });

  test('answers those who may', async () => {
    const status = rule.status ?? [200];
    for (const [who, headers] of await everyCredential()) {
      if (refusalOf(rule, who) !== null) continue;
      const answer = await call(route, rule, await bed.first.makeSubject(), headers);
      expect([who, status.includes(answer.status), answer.status]).toEqual([who, true, answer.status]);
    }
  });

  test('tells another workspace nothing of this one, and changes nothing in it', async () => {
    const subject = await bed.first.makeSubject();
    const before = await bed.first.picture();
    const headers = bearer(await bed.second.makeKey(SCOPES));
    const answer = await call(route, rule, subject, headers);
    if (rule.door === 'key' && rule.names) {
      expect([answer.status, codeOf(answer)]).toEqual([404, 'not_found']);
      const none = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
      const unknown = await call(
        route,
        rule,
        { ...subject, capture: `cap_${none}`, webhook: `whk_${none}`, delivery: `whd_${none}` },
        headers,
      );
      expect(answer.text.replace(/req_\w+/, '')).toBe(unknown.text.replace(/req_\w+/, ''));
      expect(namesOf(answer)).toEqual(namesOf(unknown));
    }
    for (const id of [subject.capture, subject.key, subject.domain, subject.workspace, subject.webhook, subject.delivery])
      expect(answer.text).not.toContain(id);
    expect(await bed.first.picture()).toEqual(before);
  });
});

type Who = 'nobody' | 'cookie' | 'runner' | 'operator' | 'made up' | readonly Scope[];
const KEYS: readonly (readonly Scope[])[] = [...SCOPES.map((scope) => [scope]), ['captures:create', 'captures:script'], SCOPES];

async function everyCredential(): Promise<[Who, Record<string, string>][]> {
  return [
    ['nobody', {}],
    ['cookie', { cookie: await bed.first.signIn('owner') }],
    ['runner', bearer(bed.api.runnerToken)],
    ['operator', { ...bearer(OPERATOR_TOKEN), 'x-sessionshot-workspace': bed.first.workspaceId }],
    ['made up', bearer('ss_live_0000000000000000000000000000000000000')],
    ...(await Promise.all(
      KEYS.map(async (scopes): Promise<[Who, Record<string, string>]> => [scopes, bearer(await bed.first.makeKey(scopes))]),
    )),
  ];
}

/** What somebody is refused with at a route; null for who may come in. */
function refusalOf({ door, scopes = [] }: RouteCase, who: Who): [number, string] | null {
  if (door === 'public' || door === who) return null;
  if (door === 'operator') return [403, 'forbidden'];
  if (door === 'runner') return [401, 'invalid_api_key'];
  if (typeof who === 'string') return [401, who === 'nobody' || who === 'cookie' ? 'missing_api_key' : 'invalid_api_key'];
  return scopes.every((scope) => who.includes(scope)) ? null : [403, 'insufficient_scope'];
}

async function call(route: string, { path, body }: RouteCase, subject: Subject, headers: Record<string, string>): Promise<Answer> {
  const [method = 'GET', url = ''] = route.split(' ');
  return await bed.api.call(path?.(subject) ?? url, {
    method,
    key: null,
    headers,
    body: body?.(subject),
    signal: AbortSignal.timeout(10_000),
  });
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

function codeOf(answer: Answer): string | null {
  return answer.status >= 400 ? JSON.parse(answer.text).code : null;
}

/** Headers too must not tell a foreign thing from none. */
function namesOf(answer: Answer): string[] {
  return [...answer.headers.keys()].toSorted();
}
