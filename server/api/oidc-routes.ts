import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { LIMITS } from '#shared/limits.ts';
import { ownPath } from '#shared/own-path.ts';
import type { SignInFaultCode } from '#shared/sign-in-fault.ts';
import { SignInFault } from '../domain/access/sign-in-fault.ts';
import { signInWithIdentity } from '../domain/access/sign-in-with-identity.ts';
import { AppError } from '../domain/app-error.ts';
import type { Instance, SingleSignOn } from './context.ts';
import { checkOwnHost } from './own-origin.ts';
import { sessionCookie } from './session-cookie.ts';

/** Where the routes below are mounted; the path that is registered at the provider is `…/callback`. */
export const OIDC_PATH = '/auth/oidc';

const flowSchema = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), next: z.string() });
type Flow = z.infer<typeof flowSchema>;

/**
 * Single sign-on by the browser: away to the provider, and back. What has to be remembered in between is in a cookie of the
 * browser that began, so that an answer which was fetched elsewhere is worth nothing. Every end is a page of the console.
 */
export function oidcRoutes(instance: Instance, oidc: SingleSignOn): FastifyPluginAsync {
  const isSecure = instance.own.publicUrl?.protocol === 'https:';
  const cookieName = isSecure ? '__Host-ss_oidc' : 'ss_oidc';
  const cookieOptions = { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure } as const;
  const callbackUrl = () => `${instance.publicUrl()}${OIDC_PATH}/callback`;

  async function start(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    checkOwnHost(request.headers, instance.own);
    const { searchParams } = new URL(request.url, callbackUrl());
    // The provider sends the browser to our public address: a cookie that was set under another name of ours would not be
    // there. Once only: behind a proxy the host that we are told may never be that one.
    if (request.headers.host !== new URL(callbackUrl()).host && !searchParams.has('here')) {
      searchParams.set('here', '1');
      return reply.redirect(`${instance.publicUrl()}${OIDC_PATH}/start?${searchParams}`);
    }
    // After a refusal: the provider would answer with the same account again, without asking.
    const { url, flow } = await oidc.provider.begin(callbackUrl(), { anew: searchParams.has('anew') });
    const kept = { ...flow, next: ownPath(searchParams.get('next')) };
    reply.setCookie(cookieName, writeFlow(kept), { ...cookieOptions, maxAge: LIMITS.oidcFlowMs / 1000 });
    return reply.redirect(url);
  }

  async function callback(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    checkOwnHost(request.headers, instance.own);
    const flow = readFlow(request.cookies[cookieName]);
    reply.clearCookie(cookieName, cookieOptions);
    // Our own URL with the query that came: the host that a request names is not ours to believe.
    const answer = new URL(callbackUrl());
    answer.search = new URL(request.url, callbackUrl()).search;
    if (!flow || answer.searchParams.get('state') !== flow.state) throw new SignInFault('expired');
    const { token, expiresAt } = await instance.rates.trySignIn({ address: request.ip, name: 'oidc' }, async () => {
      const identity = await oidc.provider.finish(answer, flow);
      return await signInWithIdentity(instance.deps, oidc.policy, identity, request.ip);
    });
    sessionCookie(request, reply, isSecure).write(token, expiresAt);
    return reply.redirect(ownPath(flow.next));
  }

  return async (scope) => {
    scope.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });
    for (const [path, handle] of [
      ['/start', start],
      ['/callback', callback],
    ] as const) {
      scope.get(path, async (request, reply) => {
        try {
          return await handle(request, reply);
        } catch (error) {
          return reply.redirect(`/sign-in?${new URLSearchParams({ problem: faultOf(error), ...nextOf(request, cookieName) })}`);
        }
      });
    }
  };
}

/** What the sign-in page is to say; what is no refusal goes on as the error it is. */
function faultOf(error: unknown): SignInFaultCode {
  if (error instanceof SignInFault) return error.fault;
  if (error instanceof AppError && error.code === 'rate_limited') return 'too_many';
  throw error;
}

/** Where the person was heading, for the next try. */
function nextOf(request: FastifyRequest, cookieName: string): { next?: string } {
  const wanted = readFlow(request.cookies[cookieName])?.next ?? new URL(request.url, 'http://own.invalid').searchParams.get('next');
  const next = ownPath(wanted);
  return next === '/' ? {} : { next };
}

function writeFlow(flow: Flow): string {
  return Buffer.from(JSON.stringify(flow)).toString('base64url');
}

function readFlow(text: string | undefined): Flow | null {
  if (text === undefined) return null;
  try {
    return flowSchema.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))).data ?? null;
  } catch {
    return null; // not JSON: no cookie of ours
  }
}
