import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../domain/app-error.ts';

export type KnownRoutes = {
  /** The methods of a known path, such as `GET, HEAD`; null when the path is not known. */
  methodsOf(request: FastifyRequest): string | null;
};

/** Notes the routes of a scope as they are added, so that a known path with another method is told apart from an unknown path. */
export function collectRoutes(app: FastifyInstance): KnownRoutes {
  const known = new Map<string, Set<string>>();
  app.addHook('onRoute', (route) => {
    const methods = known.get(route.url) ?? new Set<string>();
    for (const method of [route.method].flat()) methods.add(method);
    known.set(route.url, methods);
  });
  return {
    methodsOf(request) {
      const path = request.url.split('?')[0] ?? '';
      for (const [url, methods] of known) {
        if (new RegExp(`^${url.replaceAll('.', '\\.').replace(/:[^/]+/g, '[^/]+')}$`).test(path)) return [...methods].sort().join(', ');
      }
      return null;
    },
  };
}

/** Throws 405 with its `Allow` where the path is known, and so only the method is wrong. */
export function refuseMethod(reply: FastifyReply, allow: string | null): void {
  if (allow === null) return;
  reply.header('allow', allow);
  throw new AppError('method_not_allowed', `${reply.request.method} is not for this path. Allowed: ${allow}.`);
}
