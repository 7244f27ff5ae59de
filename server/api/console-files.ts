import '@fastify/helmet';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../domain/app-error.ts';
import { type KnownRoutes, refuseMethod } from './known-routes.ts';

const NONCE = '__CSP_NONCE__';
const MACHINE_PATHS = /^\/(api|trpc|runner|operator)(\/|\?|$)/;
const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>SessionShot</title>
<h1>The console is not built yet</h1><p>Run <code>npm run build</code> in the project's folder and reload. The REST API works without it: <a href="/api/docs">API reference</a>.</p></html>`;

/**
 * Serves the built console. Its assets have names that change with their content and are kept for ever; the page itself
 * is asked for each time, because it carries the nonce of its content security policy. Paths that belong to a page of
 * the console get that page, those of machines a problem document.
 */
export async function serveConsole(app: FastifyInstance, clientDir: string | null, routes: KnownRoutes): Promise<void> {
  const page = loadPage(clientDir);
  const sendPage = (reply: FastifyReply) => {
    const html = page?.replaceAll(NONCE, reply.cspNonce.style) ?? NOT_BUILT;
    return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(html);
  };
  if (clientDir !== null && page !== null) {
    await app.register(fastifyStatic, {
      root: clientDir,
      index: false,
      wildcard: false,
      cacheControl: false,
      globIgnore: ['**/index.html'],
      setHeaders: (reply, path) =>
        void reply.header('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'),
    });
  }
  app.get('/', (_request, reply) => sendPage(reply));
  app.setNotFoundHandler((request, reply) => {
    if (isPage(request)) return sendPage(reply);
    refuseMethod(reply, routes.methodsOf(request));
    throw new AppError('not_found', 'There is no such path. The API is described at /api/docs.');
  });
}

function isPage(request: FastifyRequest): boolean {
  const path = request.url.split('?')[0] ?? '';
  return (
    (request.method === 'GET' || request.method === 'HEAD') &&
    !MACHINE_PATHS.test(path) &&
    !path.startsWith('/assets/') &&
    !/\.\w+$/.test(path)
  );
}

function loadPage(clientDir: string | null): string | null {
  if (clientDir === null) return null;
  const file = join(clientDir, 'index.html');
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
