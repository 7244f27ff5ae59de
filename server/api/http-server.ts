import { Socket } from 'node:net';
import cookie from '@fastify/cookie';
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify';
import { makeId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { RUNNER_API } from '#shared/runner-protocol.ts';
import { AppError } from '../domain/app-error.ts';
import { consoleContext } from './authenticate.ts';
import { answerClientError } from './client-errors.ts';
import { serveConsole } from './console-files.ts';
import type { Instance } from './context.ts';
import { readHealth } from './health.ts';
import { collectRoutes } from './known-routes.ts';
import { mountMetrics } from './metrics.ts';
import { OIDC_PATH, oidcRoutes } from './oidc-routes.ts';
import { OPERATOR_API, operatorGateway } from './operator-gateway.ts';
import { reportError, retryAfterOf, sendProblem, toAppError } from './problem-response.ts';
import { asTrpcError, explain } from './procedures.ts';
import { answerWithProblems, restApi } from './rest-api.ts';
import { type AppRouter, appRouter } from './router.ts';
import { runnerGateway } from './runner-gateway.ts';
import { setSecurityHeaders } from './security-headers.ts';

const CONNECTION_CHECK_MS = 1000;

export type HttpServerOptions = {
  /** The built console, or null for none. */
  clientDir: string | null;
  isHttps: boolean;
  /** Addresses of reverse proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: string[];
};

/**
 * Builds the HTTP server: console, tRPC for it, REST, runner protocol, operator calls, health and metrics. It does not
 * listen yet. What lives here is mounting; what the parts do is theirs.
 */
export async function buildHttpServer(instance: Instance, options: HttpServerOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: false, // its lines hold URLs; ours are written below, by allow-list
    bodyLimit: LIMITS.bodyBytesMax,
    requestTimeout: LIMITS.bodyReadMsMax,
    http: {
      requireHostHeader: false, // Node's own refusal has no body; the hook below has one
      maxHeaderSize: LIMITS.headerBytesMax,
      headersTimeout: LIMITS.bodyReadMsMax,
      connectionsCheckingInterval: CONNECTION_CHECK_MS,
    },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    trustProxy: options.trustedProxies.length > 0 ? options.trustedProxies : false,
    requestIdHeader: false,
    genReqId: () => makeId('request'),
    routerOptions: { maxParamLength: 5000 },
    clientErrorHandler: (error, socket) => answerClientError(error, socket, instance.publicUrl()),
    // A URL that cannot be decoded names nothing. No hook runs for it, so its headers are set here.
    frameworkErrors: (_error, request, reply) =>
      sendProblem(reply.header('x-request-id', request.id), new AppError('not_found', 'This path cannot be read.'), instance.publicUrl()),
  });
  await setSecurityHeaders(app, { blobOrigin: instance.deps.blobs.publicOrigin(), isHttps: options.isHttps });
  await app.register(cookie);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      throw new AppError('bad_request', 'An HTTP/1.1 request needs a `Host` header.');
  });
  app.addHook('onResponse', async (request, reply) => {
    instance.deps.log.debug('answered', {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    });
  });
  answerOddRequests(app, instance);
  answerWithProblems(app, instance);
  const routes = collectRoutes(app);
  mountMetrics(app, instance);
  mountHealth(app, instance);
  await app.register(trpc(instance));
  if (instance.oidc) await app.register(oidcRoutes(instance, instance.oidc), { prefix: OIDC_PATH });
  await app.register(restApi(instance), { prefix: '/api' });
  await app.register(runnerGateway(instance), { prefix: RUNNER_API });
  await app.register(operatorGateway(instance), { prefix: OPERATOR_API });
  await serveConsole(app, options.clientDir, routes);
  return app;
}

/** What Node answers by itself, without a body or not at all: a tunnel asked for, and an `Expect` that nobody knows. */
function answerOddRequests({ server }: FastifyInstance, instance: Instance): void {
  server.on('connect', (_request, socket) => {
    if (socket instanceof Socket) answerClientError(new Error('a tunnel was asked for'), socket, instance.publicUrl());
    else socket.destroy();
  });
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
}

function mountHealth(app: FastifyInstance, instance: Instance): void {
  app.get('/healthz', async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const health = await readHealth(instance);
    const isReady = health.status === 'ok' || health.status === 'degraded';
    return await reply
      .code(isReady ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(health);
  });
}

function trpc(instance: Instance): FastifyPluginAsync {
  return async (scope) => {
    scope.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });
    // A mutation without input is often sent with the header of JSON and no body, which is not JSON.
    scope.addHook('preHandler', async (request) => {
      const batch = /[?&]batch=1(&|$)/.test(request.url);
      if (request.body === '') request.body = batch ? '{}' : 'null';
    });
    await scope.register(fastifyTRPCPlugin, {
      prefix: '/trpc',
      trpcOptions: {
        router: appRouter,
        createContext: async ({ req, res }) => {
          try {
            return await consoleContext(instance, req, res);
          } catch (error) {
            throw asTrpcError(await explain({ instance }, error));
          }
        },
        responseMeta: ({ errors }) => retryAfterOf(errors),
        onError: ({ error, ctx }) => reportError(instance.deps.log, toAppError(error), ctx?.requestId ?? ''),
      } satisfies FastifyTRPCPluginOptions<AppRouter>['trpcOptions'],
    });
  };
}
