import type { OidcConfig } from '#server/config-oidc.ts';
import type { UserActor } from '#server/domain/access/actor.ts';
import { readSession } from '#server/domain/access/sessions.ts';
import { secret } from '#shared/secret.ts';
import { type ApiBed, createApiBed } from './api-bed.ts';
import { CLIENT_ID, CLIENT_SECRET, startProvider, type TestProvider } from './identity-provider.ts';

/** The cookies that one side has set in a browser. */
export type Jar = Map<string, string>;
export type Outcome = { jar: Jar; location: string; token: string | undefined };

/** A real provider, servers that know it, and a browser that goes hop by hop, with the cookies of each side. */
export type SingleSignOnBed = {
  provider: TestProvider;
  /** A server that the provider knows; null for one without single sign-on. */
  start(config?: Partial<OidcConfig> | null, options?: Parameters<TestProvider['register']>[1]): Promise<ApiBed>;
  /** From the button to the URL by which the provider sends the browser back. */
  goThrough(bed: ApiBed, jar: Jar, query?: string): Promise<string>;
  /** The whole way, as this subject of the provider; null for somebody who turns back there. */
  signIn(bed: ApiBed, subject: string | null, query?: string): Promise<Outcome>;
  close(): Promise<void>;
};

export async function createSingleSignOnBed(): Promise<SingleSignOnBed> {
  const provider = await startProvider();
  const beds: ApiBed[] = [];
  const sso: SingleSignOnBed = {
    provider,
    start: async (config = {}, options = {}) => {
      const oidc = config && { ...configOf(provider), ...config };
      const bed = await createApiBed({ oidc, trustedProxies: ['127.0.0.1'] });
      beds.push(bed);
      if (oidc) await provider.register(`${bed.app.url}/auth/oidc/callback`, options);
      return bed;
    },
    goThrough: async (bed, jar, query = '') => {
      const theirs: Jar = new Map();
      let url = targetOf(await hop(jar, `${bed.app.url}/auth/oidc/start${query}`), bed.app.url);
      for (let step = 0; step < 10 && url.startsWith(provider.issuer); step++) url = targetOf(await hop(theirs, url), url);
      return url;
    },
    signIn: async (bed, subject, query = '') => {
      provider.signsIn = subject;
      const jar: Jar = new Map();
      const response = await hop(jar, await sso.goThrough(bed, jar, query));
      return { jar, location: response.headers.get('location') ?? '', token: jar.get('ss_session') };
    },
    close: async () => {
      await provider.close();
      for (const bed of beds) await bed.close();
    },
  };
  return sso;
}

function configOf({ issuer }: TestProvider): OidcConfig {
  return {
    issuer,
    clientId: CLIENT_ID,
    clientSecret: secret(CLIENT_SECRET),
    name: 'Acme SSO',
    scopes: 'openid email profile',
    emailDomains: null,
    newcomers: 'invited',
    workspace: undefined,
  };
}

let calls = 0;

/** One request of a browser: sends and keeps the cookies of a jar, and stops at a redirect. Each comes from its own address. */
export async function hop(jar: Jar, url: string): Promise<Response> {
  calls += 1;
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { ...(cookie ? { cookie } : {}), 'x-forwarded-for': `203.0.113.${calls % 250}` };
  const response = await fetch(url, { redirect: 'manual', headers });
  for (const set of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
    if (value === '' || /expires=Thu, 01 Jan 1970|Max-Age=0(;|$)/i.test(set)) jar.delete(name);
    else jar.set(name, value);
  }
  return response;
}

/** Who holds the session that a way ended with. */
export async function whoIs(bed: ApiBed, { token }: Outcome): Promise<UserActor> {
  return await readSession(bed.app.deps, token);
}

function targetOf(response: Response, base: string): string {
  return new URL(response.headers.get('location') ?? '', base).href;
}
