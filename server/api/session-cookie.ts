import '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The console's session as it travels: the token is only ever in this cookie, and its hash in the database. */
export type SessionCookie = {
  read(): string | undefined;
  write(token: string, expiresAt: Date): void;
  clear(): void;
};

/** Binds the session cookie to one exchange. `secure` says whether the public URL is https. */
export function sessionCookie(request: FastifyRequest, reply: FastifyReply, secure: boolean): SessionCookie {
  const name = sessionCookieName(secure);
  const options = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;
  return {
    read: () => request.cookies[name],
    write: (token, expiresAt) => void reply.setCookie(name, token, { ...options, expires: expiresAt }),
    clear: () => void reply.clearCookie(name, options),
  };
}

/** The name of the cookie. Over https it is bound to this very host by its prefix. */
function sessionCookieName(secure: boolean): string {
  return secure ? '__Host-ss_session' : 'ss_session';
}
