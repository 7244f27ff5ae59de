import { createServer, type ServerResponse } from 'node:http';
import { decodeJwt, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import Provider from 'oidc-provider';

export const CLIENT_ID = 'sessionshot';
export const CLIENT_SECRET = 'a secret of the client, with spaces & signs';
type Person = { email?: string; email_verified?: boolean; name?: string };

/** A real OpenID provider on loopback. `tamper` changes the claims of its next ID tokens, which are signed anew. */
export type TestProvider = {
  issuer: string;
  people: Record<string, Person>;
  /** Who signs in next, by subject; null for somebody who turns back. */
  signsIn: string | null;
  tamper: ((claims: JWTPayload) => JWTPayload) | null;
  /** Signs with a key that is not the provider's. */
  forges: boolean;
  /** Answers 503 to everything. */
  isAway: boolean;
  /** Answers without end. */
  floods: boolean;
  requests: string[];
  register(
    redirectUri: string,
    options?: { claimsInIdToken?: boolean; authMethod?: 'client_secret_basic' | 'client_secret_post' },
  ): Promise<void>;
  close(): Promise<void>;
};

/** Starts the provider; it answers once a client is registered. */
export async function startProvider(): Promise<TestProvider> {
  let handle: ReturnType<Provider['callback']> | null = null;
  const test: TestProvider = {
    issuer: '',
    people: {},
    signsIn: null,
    tamper: null,
    forges: false,
    isAway: false,
    floods: false,
    requests: [],
    register: async (redirectUri, options) => {
      handle = await makeProvider(test, redirectUri, options ?? {});
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer((request, response) => {
    test.requests.push(`${request.method} ${request.url?.split('?')[0]}`);
    if (test.floods) return flood(response);
    if (handle && !test.isAway) void handle(request, response);
    else response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no port');
  test.issuer = `http://127.0.0.1:${address.port}`;
  return test;
}

/** JSON whose end never comes, for as long as somebody reads. */
function flood(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const block = '{"a":"'.padEnd(64 * 1024, 'x');
  const more = () => {
    while (!response.destroyed && response.write(block));
  };
  response.on('drain', more);
  more();
}

async function makeProvider(
  test: TestProvider,
  redirectUri: string,
  { claimsInIdToken = false, authMethod = 'client_secret_basic' }: Parameters<TestProvider['register']>[1] & object,
) {
  const [own, foreign] = [await generateKeyPair('RS256', { extractable: true }), await generateKeyPair('RS256')];
  const scope = 'openid email profile';
  const provider = new Provider(test.issuer, {
    clients: [{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [redirectUri], token_endpoint_auth_method: authMethod }],
    clientAuthMethods: [authMethod],
    jwks: { keys: [{ ...(await exportJWK(own.privateKey)), kid: 'own', alg: 'RS256', use: 'sig' }] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: !claimsInIdToken,
    cookies: { keys: ['cookies of the tests'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...test.people[sub] }) }),
    loadExistingGrant: async (ctx) => {
      const grant = new provider.Grant({ clientId: CLIENT_ID, accountId: ctx.oidc.session?.accountId ?? '' });
      grant.addOIDCScope(scope);
      await grant.save();
      return grant;
    },
  });
  provider.on('server_error', (_ctx, error) => {
    throw error;
  });
  provider.use(async (ctx, next) => {
    if (ctx.path.startsWith('/interaction/')) {
      const result = test.signsIn === null ? { error: 'access_denied' } : { login: { accountId: test.signsIn, remember: false } };
      await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
      ctx.respond = false;
      return;
    }
    await next();
    if (ctx.path !== '/token' || typeof ctx.body !== 'object' || (!test.tamper && !test.forges)) return;
    const claims = decodeJwt(String(Reflect.get(ctx.body, 'id_token')));
    const changed = new SignJWT(test.tamper?.(claims) ?? claims).setProtectedHeader({ alg: 'RS256', kid: 'own' });
    ctx.body = { ...ctx.body, id_token: await changed.sign(test.forges ? foreign.privateKey : own.privateKey) };
  });
  return provider.callback();
}
