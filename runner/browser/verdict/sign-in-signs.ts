/**
 * What sign-in pages have in common across products and languages: names of hosts and path segments, words on buttons
 * and headings. Used by the guard (which only has a URL) and by the verdict (which also has the page).
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
const SEGMENTS =
  /^(login|log-in|log_in|logon|signin|sign-in|sign_in|sso|saml2?|auth|authn|authorize|authenticate|oauth2?|openid-connect|oidc|adfs|cas|idp|session-expired|session_expired|sessions?|anmelden|anmeldung|einloggen|connexion|iniciar-sesion|accedi|inloggen)$/;
const WEAK_SEGMENTS = /^(sessions?|auth|cas)$/;
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
  return isSignInHost(url.hostname) || isSignInPath(url);
}

/** Tells whether a host is one of a sign-in service, by its first labels or by the service's own domain. */
export function isSignInHost(host: string): boolean {
  if (host === 'login.salesforce.com' || HOST_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))) return true;
  const labels = host.split('.');
  return labels.slice(0, Math.max(0, labels.length - 2)).some((label) => HOST_LABELS.test(label));
}

/** Tells whether the path or the hash route of a URL is that of a sign-in page. */
export function isSignInPath(url: URL): boolean {
  const route = url.hash.startsWith('#/') || url.hash.startsWith('#!/') ? url.hash.replace(/^#!?/, '').split('?')[0] : '';
  const segments = `${url.pathname}/${route}`
    .toLowerCase()
    .split('/')
    .filter(Boolean)
    .map((segment) => segment.replace(/\.(php|aspx?|html?|jsp|do)$/, ''));
  const named = segments.filter((segment) => SEGMENTS.test(segment));
  if (named.some((segment) => !WEAK_SEGMENTS.test(segment))) return true;
  // `/auth` and `/session` are also the names of settings and of data: there a way back must be in the address.
  return named.length > 0 && NEXT_PARAMETERS.some((name) => url.searchParams.has(name));
}

/** Words of a sign-in button, heading or title; anchored at the front so that "Login history" on a button is not one. */
export const SIGN_IN_WORDS =
  '^(?:please )?(?:sign|log)[ -]?(?:in|on)(?: (?:to|with|using|again|now|here|required)\\b.*| ?[|·:–—-].*|[.!…]?)?$|^login$|^(?:welcome back|session (?:has )?(?:expired|timed out)|your session (?:has )?(?:expired|timed out)|you (?:have been|are|were) (?:signed|logged) out|authentication required|einloggen|anmelden|anmeldung|se connecter|connexion|identifiez-vous|iniciar sesi[oó]n|acceder|entrar|accedi|inloggen|aanmelden|logga in|log ind|logg inn|kirjaudu|zaloguj|p[rř]ihl[aá]sit|войти|вход|登录|登入|ログイン|로그인)\\b.*$|^(?:登录|登入|ログイン|로그인|サインイン).*$';
/** Words of a button that hands over to another sign-in service, or that goes to the next page of signing in. */
export const HANDOVER_WORDS = '^(?:continue|sign[ -]?in|log[ -]?in|login|sign[ -]?up) with \\S.*$|^(?:use )?(?:single sign-on|sso)$';
/** Words of a control that only a signed-in user has. */
export const SIGN_OUT_WORDS =
  '^(?:sign|log)[ -]?(?:out|off)\\b|^(?:abmelden|ausloggen|d[eé]connexion|se d[eé]connecter|cerrar sesi[oó]n|salir|sair|esci|disconnetti|uitloggen|afmelden|logga ut|log ud|logg ut|wyloguj|odhl[aá]sit|выйти|退出|登出|ログアウト|로그아웃)';
/** Words that say that a user is known and may not see the page. */
export const DENIED_WORDS =
  'access (?:is )?denied|forbidden|not authori[sz]ed|unauthori[sz]ed|no (?:access|permission)|(?:do not|don.t) have (?:access|permission)|permission (?:denied|required)|insufficient (?:rights|permissions?)|zugriff verweigert|keine berechtigung|acc[eè]s refus[eé]|acceso denegado|accesso negato';
