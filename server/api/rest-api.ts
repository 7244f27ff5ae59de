import '@fastify/helmet';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '#shared/limits.ts';
import { AppError } from '../domain/app-error.ts';
import { renderApiDocs } from './api-docs.ts';
import { authenticateProgram, callContext } from './authenticate.ts';
import type { Instance } from './context.ts';
import { parseJsonBody } from './json-body.ts';
import { collectRoutes, refuseMethod } from './known-routes.ts';
import { buildOpenApiDocument } from './openapi.ts';
import { reportError, sendProblem } from './problem-response.ts';
import { explain } from './procedures.ts';
import { REST_CONTEXT } from './rest-context.ts';
import { REST_ROUTES } from './rest-routes.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a key, and outside its rate. */
    anonymous?: boolean;
  }
}

/** Mounts the REST API under `/api`: who calls and how often is settled before a byte of the body is read. */
export function restApi(instance: Instance): FastifyPluginAsync {
  return async (app) => {
    app.decorateRequest(REST_CONTEXT, null);
    const routes = collectRoutes(app);
    takeStrictJson(app);
    app.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store');
      if (request.is404) return;
      await admit(instance, request, reply);
    });
    answerWithProblems(app, instance);
    app.setNotFoundHandler((request, reply) => {
      refuseMethod(reply, routes.methodsOf(request));
      throw new AppError('not_found', 'There is no such path. See /api/docs for what there is.');
    });
    for (const routes of REST_ROUTES) await app.register(routes);
    mountDocument(app);
  };
}

/** Answers every error of a scope as a problem document. */
export function answerWithProblems(app: FastifyInstance, instance: Instance): void {
  app.setErrorHandler(async (error, request, reply) => {
    // Who hung up in the middle of a body hears no answer, and is no fault of ours.
    if (request.raw.destroyed && !request.raw.complete) return reply.hijack();
    const refusal = await explain({ instance }, error);
    reportError(instance.deps.log, refusal, request.id);
    return sendProblem(reply, refusal, instance.publicUrl());
  });
}

/** Takes JSON in UTF-8 and nothing else. Schemas of routes document; the procedures judge. */
export function takeStrictJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: LIMITS.bodyBytesMax },
    async (_request: FastifyRequest, body: Buffer) => parseJsonBody(body),
  );
  app.setValidatorCompiler(() => (data) => ({ value: data }));
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
}

async function admit(instance: Instance, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const anonymous = async () => {
    throw new AppError('missing_api_key', 'Send the key as `Authorization: Bearer ss_live_…` or `X-API-Key`.');
  };
  if (request.routeOptions.config.anonymous) {
    request.setDecorator(REST_CONTEXT, callContext(instance, request, reply, anonymous));
    return;
  }
  const actor = await authenticateProgram(instance, request);
  const rate = await instance.rates.takeKeyRequest(actor.keyId);
  reply.headers({
    'ratelimit-limit': String(rate.limit),
    'ratelimit-remaining': String(rate.remaining),
    'ratelimit-reset': String(rate.resetSeconds),
  });
  if (rate.refusal) throw rate.refusal;
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new AppError('unsupported_media_type', 'Send the body as it is, without Content-Encoding.');
  request.setDecorator(
    REST_CONTEXT,
    callContext(instance, request, reply, async (fresh = false) => (fresh ? await authenticateProgram(instance, request) : actor)),
  );
}

/** The document is made once, at the first question: it never changes while the process lives. */
function mountDocument(app: FastifyInstance): void {
  let made: ReturnType<typeof buildOpenApiDocument> | undefined;
  const document = () => {
    made ??= buildOpenApiDocument();
    return made;
  };
  app.get('/openapi.json', { config: { anonymous: true } }, async (_request, reply) =>
    reply.header('cache-control', 'no-cache').send(await document()),
  );
  app.get('/docs', { config: { anonymous: true } }, async (_request, reply) => {
    return reply
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(renderApiDocs(await document(), reply.cspNonce.style));
  });
}
