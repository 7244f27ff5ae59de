/**
 * What the addresses of sign-in pages have in common across products: names of hosts and path segments. Used by the
 * guard (which only has a URL) and by the verdict (which also has the page).
 */
const HOST_LABELS =
  /^(login|log-in|logon|signin|sign-in|sso|auth|accounts?|oauth|oauth2|idp|identity|id|adfs|cas|saml|openid|keycloak|passport|secure-?login)$/;
const HOST_SUFFIXES = [
  'microsoftonline.com',
  'okta.com',
  'oktapreview.com',
  'auth0.com',
  'onelogin.com',
  'pingidentity.com',
  'pingone.com',
  'amazoncognito.com',
  'b2clogin.com',
  'ciamlogin.com',
  'duosecurity.com',
  'jumpcloud.com',
  'workos.com',
  'stytch.com',
  'kinde.com',
  'zitadel.cloud',
];
/** Path segments that nothing but a sign-in page has. */
const SIGN_IN_SEGMENTS =
  /^(login|log-in|log_in|logon|signin|sign-in|sign_in|authenticate|session-expired|session_expired|login-required|magic-link|anmelden|anmeldung|einloggen|connexion|iniciar-sesion|accedi|inloggen|entrar|acceder)$/;
/** Segments of the protocols behind it, which are also the names of settings (`/settings/sso`). */
const PROTOCOL_SEGMENTS = /^(sso|saml2?|authn|authorize|oauth2?|openid-connect|oidc|adfs|idp)$/;
/** Segments that are just as often the names of data. */
const WEAK_SEGMENTS = /^(sessions?|auth|cas|sign-?up|sign_up|register|registration)$/;
const NEXT_PARAMETERS = [
  'SAMLRequest',
  'redirect_uri',
  'returnTo',
  'return_to',
  'returnUrl',
  'ReturnUrl',
  'next',
  'continue',
  'from',
  'redirect',
  'redirect_to',
  'callbackUrl',
  'RelayState',
  'dest',
  'destination',
  'goto',
  'service',
];

/** Tells whether a URL looks like a place to sign in: by a path segment (also after `#/`), or by its host. */
export function looksLikeSignIn(href: string): boolean {
  if (!URL.canParse(href)) return false;
  const url = new URL(href);
  return isSignInHost(url.hostname) || leadsToSignIn(url, null);
}

/** Tells whether a URL is that of a sign-in page itself, and not only of something that has to do with signing in. */
export function isSignInPage(href: string): boolean {
  const url = new URL(href);
  if (isSignInHost(url.hostname) && url.pathname === '/' && !url.hash) return true;
  return SIGN_IN_SEGMENTS.test(segmentsOf(url).at(-1) ?? '') || (isSignInHost(url.hostname) && leadsToSignIn(url, null));
}

/** Tells whether a host is one of a sign-in service, by its first labels or by the service's own domain. */
export function isSignInHost(host: string): boolean {
  if (host === 'login.salesforce.com' || HOST_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))) return true;
  const labels = host.split('.');
  return labels.slice(0, Math.max(0, labels.length - 2)).some((label) => HOST_LABELS.test(label));
}

/**
 * Tells whether the path or the hash route of a URL leads to signing in, as seen from the target: `/settings/sso` is a
 * page of the settings for somebody who asked for `/settings`. Without a target every sign counts.
 */
export function leadsToSignIn(url: URL, target: URL | null): boolean {
  const asked = target ? segmentsOf(target) : [];
  const segments = segmentsOf(url);
  const isBelow = target !== null && asked.length > 0 && asked.every((segment, index) => segments[index] === segment);
  const named = segments.filter((segment) => !asked.includes(segment));
  if (named.some((segment) => SIGN_IN_SEGMENTS.test(segment))) return true;
  const hasWayBack = NEXT_PARAMETERS.some((name) => url.searchParams.has(name));
  if (named.some((segment) => PROTOCOL_SEGMENTS.test(segment))) return !isBelow || hasWayBack;
  // `/auth` and `/session` are also the names of settings and of data: there a way back must be in the address.
  return hasWayBack && named.some((segment) => WEAK_SEGMENTS.test(segment));
}

/** Tells whether a URL carries the way back to the target, as a sign-in page does that came in between. */
export function returnsTo(url: URL, target: URL): boolean {
  return (
    url.pathname !== target.pathname &&
    target.pathname.length > 1 &&
    [...url.searchParams.values()].some((value) => value.includes(target.pathname))
  );
}

function segmentsOf(url: URL): string[] {
  const route = url.hash.startsWith('#/') || url.hash.startsWith('#!/') ? url.hash.replace(/^#!?/, '').split('?')[0] : '';
  return `${url.pathname}/${route}`
    .toLowerCase()
    .split('/')
    .filter(Boolean)
    .map((segment) => segment.replace(/\.(php|aspx?|html?|jsp|do)$/, ''));
}
