import { makeToken } from '#shared/api-key.ts';
import { failure } from '#shared/failure.ts';
import type { Scope } from '#shared/scopes.ts';
import { PASSWORD, type Subject } from './procedures.ts';

/**
 * A route of the server as the matrix knows it. `public`: answered to anybody. `console`: the procedures, which have their
 * own matrix. `key`: an API key with all of `scopes`. `runner`, `operator`: their tokens and nothing else.
 */
export type RouteCase = {
  door: 'public' | 'console' | 'key' | 'runner' | 'operator';
  scopes?: readonly Scope[];
  path?: (subject: Subject) => string;
  body?: (subject: Subject) => unknown;
  /** It names something of a workspace. */
  names?: true;
  /** What those hear who may call it. */
  status?: readonly number[];
};

const REQUEST = { url: 'https://app.example.com/x', output: { format: 'png' } };
const JOB = 'job_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const LEASE = { leaseToken: 'x'.repeat(43) };
const one =
  (tail = '') =>
  ({ capture }: Subject) =>
    `/api/captures/${capture}${tail}`;
const webhook = (tail: string, more: Partial<RouteCase> = {}): RouteCase => ({
  door: 'key',
  scopes: ['webhooks:manage'],
  path: (subject) => `/api/webhooks/${subject.webhook}${tail}`,
  names: true,
  ...more,
});
const delivery = (tail: string, more: Partial<RouteCase> = {}): RouteCase =>
  webhook('', { path: (subject) => `/api/webhooks/deliveries/${subject.delivery}${tail}`, ...more });
const job = (tail: string, body: object): RouteCase => ({
  door: 'runner',
  path: () => `/runner/v1/jobs/${JOB}/${tail}`,
  body: () => ({ ...LEASE, ...body }),
  status: [409], // no lease of this runner
});

/** Every method and path that the server knows, `HEAD` beside each `GET`. */
export const ROUTES: Record<string, readonly RouteCase[]> = {
  'GET /': [{ door: 'public' }],
  'GET /healthz': [{ door: 'public' }],
  'GET /readyz': [{ door: 'public' }],
  'GET /metrics': [{ door: 'public' }],
  'ALL /trpc/:path': [{ door: 'console' }],

  'POST /api/captures': [
    { door: 'key', scopes: ['captures:create'], body: () => REQUEST, status: [202] },
    { door: 'key', scopes: ['captures:create'], body: () => ({ ...REQUEST, dryRun: true }), status: [200] },
    { door: 'key', scopes: ['captures:create', 'captures:script'], body: () => ({ ...REQUEST, scripts: ['1'] }), status: [202] },
    {
      door: 'key',
      scopes: ['captures:create', 'captures:script'],
      body: () => ({ ...REQUEST, actions: [{ type: 'evaluate', expression: '1' }], dryRun: true }),
      status: [200],
    },
    {
      door: 'key',
      scopes: ['captures:create', 'captures:script'],
      body: () => ({ ...REQUEST, waitFor: [{ text: 'a' }, { function: '1' }] }),
      status: [202],
    },
  ],
  'GET /api/captures': [{ door: 'key', scopes: ['captures:read'], path: () => '/api/captures?limit=100' }],
  'GET /api/captures/:id': [{ door: 'key', scopes: ['captures:read'], path: one(), names: true }],
  'POST /api/captures/:id/links': [
    { door: 'key', scopes: ['captures:read'], path: one('/links'), names: true, status: [409] }, // it has no asset yet
    { door: 'key', scopes: ['captures:read'], path: one('/links'), body: () => ({ ttl: 60_000 }), names: true, status: [409] },
  ],
  'POST /api/captures/batch': [
    {
      door: 'key',
      scopes: ['captures:create'],
      body: () => ({ defaults: { output: REQUEST.output }, items: [{ url: REQUEST.url }] }),
      status: [202],
    },
  ],
  'POST /api/captures/:id/cancel': [{ door: 'key', scopes: ['captures:create'], path: one('/cancel'), names: true }],
  'DELETE /api/captures/:id': [{ door: 'key', scopes: ['captures:delete'], path: one(), names: true, status: [204] }],
  'GET /api/keys/runner': [{ door: 'public' }],
  // A text that no key has: whose key it is does not matter at this door.
  'POST /api/keys/revoke': [{ door: 'public', body: () => ({ key: makeToken('apiKey') }), status: [204] }],
  'POST /api/webhooks': [
    { door: 'key', scopes: ['webhooks:manage'], body: () => ({ url: 'https://other.example.net/hook' }), status: [201] },
  ],
  'GET /api/webhooks': [{ door: 'key', scopes: ['webhooks:manage'], path: () => '/api/webhooks?limit=100' }],
  'GET /api/webhooks/:id': [webhook('')],
  'PATCH /api/webhooks/:id': [webhook('', { body: () => ({ description: 'changed' }) })],
  'DELETE /api/webhooks/:id': [webhook('', { status: [204] })],
  'POST /api/webhooks/:id/rotate': [webhook('/rotate', { status: [201] })],
  'POST /api/webhooks/:id/test': [webhook('/test', { status: [202] })],
  'POST /api/webhooks/:id/recover': [webhook('/recover', { body: () => ({ since: '2026-01-01T00:00:00Z' }), status: [202] })],
  'POST /api/webhooks/default-secret': [{ door: 'key', scopes: ['webhooks:manage'], status: [201] }],
  'GET /api/webhooks/deliveries': [{ door: 'key', scopes: ['webhooks:manage'] }],
  'GET /api/webhooks/deliveries/:id': [delivery('')],
  'POST /api/webhooks/deliveries/:id/resend': [delivery('/resend', { status: [202] })],
  'GET /api/openapi.json': [{ door: 'public' }],
  'GET /api/docs': [{ door: 'public' }],

  'POST /runner/v1/claim': [{ door: 'runner', body: () => ({ waitMs: 0 }), status: [200, 204] }],
  'POST /runner/v1/jobs/:id/heartbeat': [job('heartbeat', { step: 'navigate' })],
  'POST /runner/v1/jobs/:id/complete': [
    job('complete', {
      observed: { finalUrl: REQUEST.url, httpStatus: 200, verdict: 'unverified' },
      asset: { contentType: 'image/png', bytes: 1, sha256: 'a'.repeat(64), width: 1, height: 1, pages: null },
    }),
  ],
  'POST /runner/v1/jobs/:id/fail': [job('fail', { failure: failure('internal', 'navigate'), observed: {}, sideEffects: false })],
  'POST /runner/v1/jobs/:id/release': [job('release', {})],

  'GET /operator/v1/status': [{ door: 'operator' }],
  'POST /operator/v1/stop': [{ door: 'operator', status: [202] }],
  'POST /operator/v1/sign-in-link': [{ door: 'operator' }],
  'POST /operator/v1/:path': [
    { door: 'operator', path: () => '/operator/v1/keys.list' },
    {
      door: 'operator',
      path: () => '/operator/v1/auth.signIn',
      body: ({ signer }) => ({ email: signer, password: PASSWORD }),
      status: [403],
    },
  ],
};
