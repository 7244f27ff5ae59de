import * as oidc from 'openid-client';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import type { Secret } from '#shared/secret.ts';
import { SignInFault } from '../domain/access/sign-in-fault.ts';
import type { Identity, IdentityProvider } from '../domain/ports.ts';

type OidcProviderOptions = {
  name: string;
  issuer: string;
  clientId: string;
  /** Null for a public client, which proves itself by PKCE alone. */
  clientSecret: Secret<string> | null;
  scopes: string;
};

/** What the provider says of itself is asked for anew after this time: endpoints move. Its keys are followed by the library. */
const DISCOVERY_LIFE_MS = 3_600_000;

/**
 * Single sign-on by OpenID Connect: discovery, authorization code with PKCE, state and nonce. The ID token's signature is
 * checked against the provider's keys, its times within `LIMITS.oidcSkewSeconds`. Nothing is asked before somebody signs in:
 * a provider that is away does not keep the server from starting.
 */
export function createOidcProvider(options: OidcProviderOptions, log: Log): IdentityProvider {
  const discover = createDiscovery(options);
  const guarded = async <T>(step: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      const fault = error instanceof SignInFault ? error : explain(error);
      // Not the error itself: what the library tells of its causes holds tokens and claims.
      if (fault.fault !== 'canceled') log.warn('single sign-on failed', { step, code: fault.fault, reason: fault.message });
      throw fault;
    }
  };
  return {
    name: options.name,
    begin: (redirectUri, { anew = false } = {}) =>
      guarded('begin', async () => {
        const config = await discover();
        const flow = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
        const url = oidc.buildAuthorizationUrl(config, {
          redirect_uri: redirectUri,
          scope: options.scopes,
          state: flow.state,
          nonce: flow.nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(flow.verifier),
          code_challenge_method: 'S256',
          ...(anew ? { prompt: 'login' } : {}),
        });
        return { url: url.href, flow };
      }),
    finish: (answer, { state, nonce, verifier }) =>
      guarded('finish', async () => {
        const config = await discover();
        const tokens = await oidc.authorizationCodeGrant(config, answer, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) throw new SignInFault('provider_refused', 'no ID token');
        return await readIdentity(config, claims, tokens.access_token);
      }),
  };
}

/** Asks the provider about itself, once for all who wait; what it said is kept for an hour, a failure not at all. */
function createDiscovery(options: OidcProviderOptions): () => Promise<oidc.Configuration> {
  let known: { config: oidc.Configuration; until: number } | undefined;
  let asking: Promise<oidc.Configuration> | undefined;
  const secret = options.clientSecret?.reveal();
  const ask = async () => {
    const server = new URL(options.issuer);
    // Plain http only for a provider on this very machine; the configuration refuses any other.
    const execute = [oidc.enableNonRepudiationChecks, ...(server.protocol === 'http:' ? [oidc.allowInsecureRequests] : [])];
    const config = await oidc.discovery(server, options.clientId, { [oidc.clockTolerance]: LIMITS.oidcSkewSeconds }, clientAuth(secret), {
      execute,
      timeout: LIMITS.oidcCallMsMax / 1000,
      [oidc.customFetch]: boundedFetch,
    });
    known = { config, until: Date.now() + DISCOVERY_LIFE_MS };
    return config;
  };
  return async () => {
    if (known && known.until > Date.now()) return known.config;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return await asking;
  };
}

/** The way of proving the secret that the provider takes: by header, as the standard prefers, or in the body. */
function clientAuth(secret: string | undefined): oidc.ClientAuth {
  if (secret === undefined) return oidc.None();
  const [basic, post] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const taken = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return (taken.includes('client_secret_basic') ? basic : post)(server, client, body, headers);
  };
}

/** Reads no more of an answer than `LIMITS.oidcAnswerBytesMax`: a provider gone wild must not fill the memory. */
const boundedFetch: oidc.CustomFetch = async (url, { body, method, headers: sent, redirect, signal }) => {
  // The library sends nothing else in the flow that we use.
  const form = body instanceof URLSearchParams ? body : undefined;
  const response = await fetch(url, { method, headers: sent, redirect, signal, body: form });
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > LIMITS.oidcAnswerBytesMax) throw new SignInFault('provider_refused', 'the answer is too large');
    chunks.push(chunk);
  }
  const { status, headers } = response;
  return new Response(chunks.length > 0 ? new Blob(chunks) : null, { status, headers });
};

/** Some providers put the address into the ID token, others answer it at their user info endpoint only. */
async function readIdentity(config: oidc.Configuration, claims: oidc.IDToken, accessToken: string): Promise<Identity> {
  const needsMore = claims.email === undefined && config.serverMetadata().userinfo_endpoint !== undefined;
  const more = needsMore ? await oidc.fetchUserInfo(config, accessToken, claims.sub) : {};
  const told: Record<string, unknown> = { ...claims, ...more };
  const { email, email_verified: verified, name } = told;
  return {
    issuer: claims.iss,
    subject: claims.sub,
    email: typeof email === 'string' ? email : null,
    isEmailVerified: verified === true || verified === 'true',
    name: typeof name === 'string' ? name : null,
  };
}

const CLOCK_CODE = 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED';
const AWAY = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM']);
const PASSING = new Set(['server_error', 'temporarily_unavailable']);

/** Tells a refusal from an outage, and an outage from a clock that is wrong. */
function explain(error: unknown): SignInFault {
  if (error instanceof oidc.AuthorizationResponseError) {
    if (error.error === 'access_denied') return new SignInFault('canceled');
    return new SignInFault(PASSING.has(error.error) ? 'provider_unavailable' : 'provider_refused', word(error.error));
  }
  if (error instanceof oidc.ResponseBodyError)
    return new SignInFault(error.status >= 500 ? 'provider_unavailable' : 'provider_refused', word(error.error));
  const inner = findFault(error);
  if (inner) return inner;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
  if (code === CLOCK_CODE) return new SignInFault('clocks_differ', code);
  // What `fetch` throws when nobody answers has no code.
  const isAway = code === null ? error instanceof TypeError : AWAY.has(code);
  return new SignInFault(isAway ? 'provider_unavailable' : 'provider_refused', code ?? (isAway ? 'no answer' : 'an error without a code'));
}

/** A fault of ours that the library has wrapped. */
function findFault(error: unknown): SignInFault | null {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof SignInFault ? cause : null;
}

/** An error code of the standards is a word; whatever else a provider writes there stays out of the log. */
function word(code: string): string {
  return /^[a-z_]{1,60}$/.test(code) ? code : 'an error without a code';
}
