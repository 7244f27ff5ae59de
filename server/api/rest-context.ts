import type { FastifyRequest } from 'fastify';
import type { Ctx } from './context.ts';

/** The name under which a request carries its context from authentication to its handler. */
export const REST_CONTEXT = 'restContext';

/** The context of a REST call; set before the body is read. */
export function restContext(request: FastifyRequest): Ctx {
  return request.getDecorator<Ctx>(REST_CONTEXT);
}
