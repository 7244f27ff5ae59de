import { callTRPCProcedure } from '@trpc/server';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../domain/app-error.ts';
import { countWork } from '../domain/measure-instance.ts';
import { authenticateOperator, callContext, operatorActor } from './authenticate.ts';
import type { Ctx, Instance } from './context.ts';
import { readHealth } from './health.ts';
import { answerWithProblems, takeStrictJson } from './rest-api.ts';
import { appRouter } from './router.ts';

export const OPERATOR_API = '/operator/v1';

/**
 * What the command line asks of the running instance: any procedure by its path, the input as the JSON body, answered
 * `{ data }`. Only from this machine and with the token of the data folder.
 */
export function operatorGateway(instance: Instance): FastifyPluginAsync {
  return async (app) => {
    takeStrictJson(app);
    answerWithProblems(app, instance);
    app.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store');
      await authenticateOperator(instance, request);
    });

    app.get('/status', async () => {
      const [health, work] = await Promise.all([readHealth(instance), countWork(instance.deps)]);
      return { data: { ...health, url: instance.publicUrl(), pid: process.pid, work } };
    });

    app.post('/stop', async (_request, reply) => {
      const work = await countWork(instance.deps);
      // The answer leaves before the listening ends.
      reply.raw.once('finish', () => instance.stop());
      return await reply.code(202).send({ data: { stopping: true, work } });
    });

    app.post('/sign-in-link', async (request, reply) => ({
      data: await call({ path: 'auth.createSignInLink', input: undefined, ctx: operatorContext(instance, request, reply) }),
    }));

    app.post<{ Params: { path: string } }>('/:path', async (request, reply) => {
      return { data: await call({ path: request.params.path, input: request.body, ctx: operatorContext(instance, request, reply) }) };
    });
  };
}

/** Calls a query or mutation by its path. Streams are for the console. */
async function call({ path, input, ctx }: { path: string; input: unknown; ctx: Ctx }): Promise<unknown> {
  const procedure = Object.hasOwn(appRouter._def.procedures, path) ? Reflect.get(appRouter._def.procedures, path) : undefined;
  const type: unknown = procedure?._def.type;
  if (type !== 'query' && type !== 'mutation') throw new AppError('not_found', `There is no procedure \`${path.slice(0, 80)}\`.`);
  const data: unknown = await callTRPCProcedure({
    router: appRouter,
    path,
    type,
    ctx,
    getRawInput: async () => input,
    signal: ctx.signal,
    batchIndex: 0,
  });
  return data ?? null;
}

function operatorContext(instance: Instance, request: FastifyRequest, reply: FastifyReply): Ctx {
  let actor: ReturnType<typeof operatorActor> | undefined;
  return callContext(instance, request, reply, () => {
    actor ??= operatorActor(instance, request);
    return actor;
  });
}
