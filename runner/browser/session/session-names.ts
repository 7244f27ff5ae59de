const SESSION_NAMES = /sess|sid\b|^sid|auth|token|jwt|login|remember|identity|sso|connect\.|user/i;
/** Set by proxies, balancers and forms for everybody, signed in or not. */
const FOR_EVERYBODY =
  /csrf|xsrf|^__cf|^_cf|^cf_|^awsalb|^arraffinity|^bigip|^ak_bmsc|^bm_|^incap_|^visid_incap|^nlbi_|^datadome$|^_px|^_ga|flash|locale|consent/i;

/** Tells whether a cookie or a stored item looks like the part of a state that makes its bearer known. */
export function looksLikeSession({ name, httpOnly }: { name: string; httpOnly?: boolean | undefined }): boolean {
  return !FOR_EVERYBODY.test(name) && (httpOnly === true || SESSION_NAMES.test(name));
}
