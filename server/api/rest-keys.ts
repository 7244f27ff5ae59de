import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AppError } from '../domain/app-error.ts';
import { leakedKeySchema } from './access.router.ts';
import { hasBody } from './rest-captures.ts';
import { restContext } from './rest-context.ts';
import { problems } from './rest-problems.ts';
import { createCaller } from './router.ts';

const revokeKeySchema = {
  tags: ['keys'],
  operationId: 'revokeKey',
  summary: 'Revoke a key or a token that leaked',
  description:
    'For whoever found an API key or the token of a runner: handing it in ends it. Needs no other key, and answers the same whether or not there was such a one and whether or not it still worked.',
  body: leakedKeySchema,
  response: {
    204: z.null().describe('No key and no token with this text works any more.'),
    ...problems(
      ['internal', 'unavailable'],
      ['invalid_json', 'payload_too_large', 'request_timeout', 'unsupported_media_type', 'invalid_request', 'rate_limited'],
    ),
  },
};

/** Keys over REST: what anybody may do with one that he holds. */
export const restKeys: FastifyPluginAsyncZod = async (app) => {
  app.post('/keys/revoke', { config: { anonymous: true }, schema: revokeKeySchema }, async (request, reply) => {
    if (!hasBody(request)) throw new AppError('invalid_json', 'The body is empty: send a JSON object.');
    await createCaller(restContext(request)).keys.revokeLeaked(request.body);
    return await reply.code(204).send(null);
  });
};
