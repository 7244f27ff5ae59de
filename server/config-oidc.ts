import { z } from 'zod';
import { type Secret, secret } from '#shared/secret.ts';

const text = z.string().trim().min(1).max(1000).optional();

/** The variables of single sign-on. */
export const oidcEnv = {
  SESSIONSHOT_OIDC_ISSUER: text,
  SESSIONSHOT_OIDC_CLIENT_ID: text,
  SESSIONSHOT_OIDC_CLIENT_SECRET: text,
  SESSIONSHOT_OIDC_NAME: z.string().trim().min(1).max(60).default('single sign-on'),
  SESSIONSHOT_OIDC_SCOPES: z.string().trim().max(500).default('openid email profile'),
  SESSIONSHOT_OIDC_EMAIL_DOMAINS: text,
  SESSIONSHOT_OIDC_NEWCOMERS: z.enum(['invited', 'viewer', 'developer', 'admin']).default('invited'),
  SESSIONSHOT_OIDC_WORKSPACE: text,
};
const valuesSchema = z.object(oidcEnv);

/** Single sign-on as it is configured. `emailDomains` null: any; `newcomers` `invited`: nobody who is not. */
export type OidcConfig = Readonly<{
  issuer: string;
  clientId: string;
  clientSecret: Secret<string> | null;
  name: string;
  scopes: string;
  emailDomains: readonly string[] | null;
  newcomers: 'invited' | 'viewer' | 'developer' | 'admin';
  workspace: string | undefined;
}>;

/** Reads single sign-on from values that have their form; null where no issuer is named. Every fault names its variable. */
export function readOidc(values: z.output<typeof valuesSchema>): { oidc: OidcConfig | null; faults: string[] } {
  const { SESSIONSHOT_OIDC_ISSUER: issuer, SESSIONSHOT_OIDC_CLIENT_ID: clientId } = values;
  const faults: string[] = [];
  if (issuer === undefined) {
    if (clientId !== undefined) faults.push('SESSIONSHOT_OIDC_ISSUER is missing: SESSIONSHOT_OIDC_CLIENT_ID alone does nothing.');
    return { oidc: null, faults };
  }
  if (!isIssuer(issuer)) faults.push('SESSIONSHOT_OIDC_ISSUER must be an https URL without query, such as https://login.example.com.');
  if (clientId === undefined) faults.push('SESSIONSHOT_OIDC_CLIENT_ID is missing: register this instance at the provider.');
  const scopes = values.SESSIONSHOT_OIDC_SCOPES;
  if (!scopes.split(/\s+/).includes('openid')) faults.push('SESSIONSHOT_OIDC_SCOPES must contain openid.');
  const domains = values.SESSIONSHOT_OIDC_EMAIL_DOMAINS?.split(',').map((domain) => domain.trim().toLowerCase());
  if (domains?.some((domain) => domain !== '*' && !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain)))
    faults.push('SESSIONSHOT_OIDC_EMAIL_DOMAINS must be domains with commas between them, such as example.com,example.org; or *.');
  // Everybody in the world has an account at the large providers.
  if (values.SESSIONSHOT_OIDC_NEWCOMERS !== 'invited' && domains === undefined)
    faults.push(
      'SESSIONSHOT_OIDC_NEWCOMERS lets in whoever has an account at the provider: name SESSIONSHOT_OIDC_EMAIL_DOMAINS too, or * for any.',
    );
  const oidc = {
    issuer,
    clientId: clientId ?? '',
    clientSecret: values.SESSIONSHOT_OIDC_CLIENT_SECRET === undefined ? null : secret(values.SESSIONSHOT_OIDC_CLIENT_SECRET),
    name: values.SESSIONSHOT_OIDC_NAME,
    scopes,
    emailDomains: domains === undefined || domains.includes('*') ? null : Object.freeze(domains),
    newcomers: values.SESSIONSHOT_OIDC_NEWCOMERS,
    workspace: values.SESSIONSHOT_OIDC_WORKSPACE,
  };
  return { oidc: faults.length > 0 ? null : Object.freeze(oidc), faults };
}

/** Plain http only for a provider on this very machine: what it says must not be read or changed on its way. */
function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash, username } = new URL(text);
  const isLoopback = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
  return (protocol === 'https:' || (protocol === 'http:' && isLoopback)) && search === '' && hash === '' && username === '';
}
