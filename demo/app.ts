import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { buildReport } from './report.ts';
import { COOKIE, type DemoSession, type DemoSessions, randomUserName } from './sessions.ts';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
} as const;

export type DemoAppOptions = { sessions: DemoSessions; delayMs: number; tls: { cert: string; key: string } };

/**
 * Builds the demo: a small dashboard behind a sign-in. The page is served by the cookie, its data wants the token from
 * localStorage in a header as well; without either the visitor lands on /login, as in most real applications.
 */
export function buildDemoApp({ sessions, delayMs, tls }: DemoAppOptions): FastifyInstance {
  const app: FastifyInstance = Fastify({ https: tls, logger: false, forceCloseConnections: true, bodyLimit: 4096 });
  const report = buildReport();
  const signedIn = (request: FastifyRequest) => sessions.byCookie(readCookie(request));

  app.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });
  app.get('/', (request, reply) => (signedIn(request) ? sendFile(reply, 'dashboard', '.html') : reply.redirect('/login')));
  app.get('/login', (_request, reply) => sendFile(reply, 'login', '.html'));
  for (const [name, type] of [
    ['style', '.css'],
    ['dashboard', '.js'],
    ['chart', '.js'],
    ['login', '.js'],
    ['logo', '.svg'],
  ] as const) {
    app.get(`/${name}${type}`, (_request, reply) => sendFile(reply, name, type));
  }
  app.get('/api/report', async (request, reply) => {
    const session = requireBoth(sessions, request);
    if (!session) return await reply.code(401).send({ error: 'Sign in first.' });
    await wait(delayMs);
    return { user: session.user, ...report };
  });
  app.post('/api/login', (_request, reply) => startSession(sessions, reply));
  app.post('/api/logout', (request, reply) => {
    const session = requireBoth(sessions, request);
    if (session) sessions.end(session);
    return reply.header('set-cookie', `${COOKIE}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax`).code(204).send();
  });
  return app;
}

function startSession(sessions: DemoSessions, reply: FastifyReply) {
  const session = sessions.create(randomUserName());
  return reply.header('set-cookie', `${COOKIE}=${session.cookie}; Path=/; Secure; HttpOnly; SameSite=Lax`).send({ token: session.token });
}

function requireBoth(sessions: DemoSessions, request: FastifyRequest): DemoSession | undefined {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '');
  return sessions.byBoth(readCookie(request), bearer?.[1]);
}

function readCookie(request: FastifyRequest): string | undefined {
  const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
  return pairs.find(([name]) => name === COOKIE)?.[1];
}

function sendFile(reply: FastifyReply, name: string, type: keyof typeof TYPES): FastifyReply {
  return reply.type(TYPES[type]).send(readFileSync(join(import.meta.dirname, 'public', `${name}${type}`)));
}
