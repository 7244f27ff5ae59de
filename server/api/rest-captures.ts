import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { FINAL_STATUSES } from '#shared/capture.ts';
import { isId } from '#shared/ids.ts';
import { AppError, notFound } from '../domain/app-error.ts';
import type { Ctx } from './context.ts';
import { restContext } from './rest-context.ts';
import { readWaitSeconds } from './rest-headers.ts';
import { readListQuery } from './rest-list-query.ts';
import {
  cancelCaptureSchema,
  createCaptureSchema,
  deleteCaptureSchema,
  getCaptureSchema,
  getRunnerKeysSchema,
  issueLinkSchema,
  linkRequestSchema,
  listCapturesSchema,
} from './rest-schemas.ts';
import { createCaller } from './router.ts';

/** Captures over REST. Each route translates to and from HTTP; what it does is the procedure of the same name. */
export const restCaptures: FastifyPluginAsyncZod = async (app) => {
  app.post('/captures', { schema: createCaptureSchema }, async (request, reply) => {
    const ctx = restContext(request);
    ctx.create.idempotencyKey = request.headers['idempotency-key'];
    if (!hasBody(request)) throw new AppError('invalid_json', 'The body is empty: send a JSON object.');
    const caller = createCaller(ctx);
    if (isDryRun(request.body)) return await reply.code(200).send(await caller.captures.dryRun(request.body));
    const created = await caller.captures.create(request.body);
    reply.header('location', `/api/captures/${created.id}`);
    if (ctx.create.replayed) reply.header('idempotent-replayed', 'true');
    const seconds = await waitSeconds(ctx, request.headers.prefer);
    if (seconds === null) return await reply.code(202).send(created);
    const capture = await caller.captures.wait({ id: created.id, seconds });
    const isFinal = FINAL_STATUSES.includes(capture.status);
    // A server that drains answers before the time is over: then the wait was not applied.
    if (isFinal || !ctx.signal.aborted) reply.header('preference-applied', `wait=${seconds}`);
    return await reply.code(isFinal ? 200 : 202).send(capture);
  });

  app.get('/captures', { schema: listCapturesSchema }, async (request) =>
    createCaller(restContext(request)).captures.list(readListQuery(request.query)),
  );

  app.get('/captures/:id', { schema: getCaptureSchema }, async (request) =>
    createCaller(restContext(request)).captures.get({ id: idOf(request) }),
  );

  app.post('/captures/:id/links', { schema: issueLinkSchema }, async (request, reply) => {
    const { ttl } = linkRequestSchema.parse(request.body ?? {});
    return await reply.code(201).send(await createCaller(restContext(request)).captures.issueLink({ id: idOf(request), ttl }));
  });

  app.post('/captures/:id/cancel', { schema: cancelCaptureSchema }, async (request) =>
    createCaller(restContext(request)).captures.cancel({ id: idOf(request) }),
  );

  app.delete('/captures/:id', { schema: deleteCaptureSchema }, async (request, reply) => {
    await createCaller(restContext(request)).captures.remove({ id: idOf(request) });
    return await reply.code(204).send(null);
  });

  app.get('/keys/runner', { config: { anonymous: true }, schema: getRunnerKeysSchema }, async (request) =>
    createCaller(restContext(request)).system.runnerKeys(),
  );
};

/** An id that cannot be one of ours is as unknown as any other: nothing is to be learned from the difference. */
function idOf({ params: { id } }: { params: { id: string } }): string {
  if (!isId('capture', id)) throw notFound();
  return id;
}

/** Anything but `true` is for the schema to judge. */
function isDryRun(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'dryRun' in body && body.dryRun === true;
}

/** Tells whether a body was sent: the JSON `null` is one, which is for the schema to refuse. */
export function hasBody({ body, headers }: { body: unknown; headers: Record<string, unknown> }): boolean {
  const isSent = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  return body !== undefined && (body !== null || isSent);
}

/** A key that may create and not read is answered at once: waiting would show it what it may not see. */
async function waitSeconds(ctx: Ctx, prefer: string | undefined): Promise<number | null> {
  const actor = await ctx.resolveActor();
  return actor.kind === 'apiKey' && !actor.scopes.includes('captures:read') ? null : readWaitSeconds(prefer);
}
