import type { Secret } from '#shared/secret.ts';
import type { Actor } from '../domain/access/actor.ts';
import type { SignInPolicy } from '../domain/access/sign-in-with-identity.ts';
import type { Deps } from '../domain/deps.ts';
import type { IdentityProvider } from '../domain/ports.ts';
import type { Counters } from './counters.ts';
import type { OwnAddress } from './own-origin.ts';
import type { RateLimits } from './rate-limits.ts';
import type { SessionCookie } from './session-cookie.ts';

/** Single sign-on, where it is configured. */
export type SingleSignOn = { provider: IdentityProvider; policy: SignInPolicy };

/** What the API of one server process stands on. */
export type Instance = {
  deps: Deps;
  own: OwnAddress;
  /** The URL that people and links use, without a slash at its end. Known once the server listens. */
  publicUrl(): string;
  rates: RateLimits;
  counters: Counters;
  operatorToken: Secret<string> | null;
  oidc: SingleSignOn | null;
  /** Aborts when the process begins to drain: long polls and streams end, `/readyz` says no. */
  drain: AbortSignal;
  /** Asks the process to stop gracefully (`sessionshot stop`). */
  stop(): void;
};

/** What a procedure knows of its call. Who calls is found out when a procedure asks for it, once. */
export type Ctx = {
  instance: Instance;
  requestId: string;
  /** The caller's address, for allow-lists and rates. */
  address: string;
  /** Aborts when the caller hangs up or the process drains. */
  signal: AbortSignal;
  /** Who calls, found out once; throws `AppError` with a 401 code when nobody is known. `fresh` asks anew: is the session still there? */
  resolveActor(fresh?: boolean): Promise<Actor>;
  /** The console's cookie; null for callers that have none. */
  session: SessionCookie | null;
  /** How `captures.create` is to be repeated safely, whether its answer was an earlier one, and else what it made. */
  create: { idempotencyKey?: string; replayed: boolean; madeId?: string };
};
