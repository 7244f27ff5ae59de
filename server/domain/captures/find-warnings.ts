import { matchesHost } from '#shared/allowed-domain.ts';
import type { ResolvedAuth } from '#shared/auth-policy.ts';
import type { CaptureRequest } from '#shared/capture-request.ts';
import type { FieldError } from '#shared/problem.ts';
import type { Admitted } from './capture-policy.ts';

type Options = { showNames: boolean; now: number };

const JWT = /eyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]*/;
const TOKEN_CHARS_MAX = 20_000;
const WARNINGS_MAX = 50;

/**
 * Lists what is allowed in a request and probably not meant: a session that has run out, or that goes nowhere near the
 * target, or that nothing checks. Values are looked into and never quoted; names only with `showNames`.
 */
export function findWarnings(request: CaptureRequest, { target, auth }: Admitted, { showNames, now }: Options): FieldError[] {
  const given = request.auth;
  if (!given || !auth) return [];
  const warnings: FieldError[] = [];
  const warn = (is: boolean, path: string, message: string) => {
    if (is) warnings.push({ path, message });
  };
  const { verify, sealed, storageState } = given;
  warn(sealed !== undefined, 'auth.sealed', 'was not opened: only a runner can, so nothing in it was checked here');
  warn(
    verify === undefined && sealed === undefined,
    'auth.verify',
    'is not given: without a check a page that shows no sign of a sign-in is taken as it is (`unverified`). Name an element that only a signed-in user sees',
  );
  warn(
    verify !== undefined && verify.selector === undefined && verify.text === undefined,
    'auth.verify',
    'checks the address alone, which a sign-in page at the same address meets too: add `selector` or `text`',
  );
  const stateCookies = storageState?.cookies.length ?? 0;
  const left = auth.rejected.filter((item) => item.kind === 'cookie');
  warn(stateCookies > 0 && left.length === stateCookies, 'auth.storageState.cookies', whyNone(left));
  const own = auth.cookies.filter(({ domain }) => goesTo(domain, target.host));
  warn(auth.cookies.length > 0 && own.length === 0, 'auth.cookies', `hold none that goes to ${target.host}, the host of the target`);
  const short = auth.cookies.filter(({ expires = -1 }) => expires !== -1 && expires * 1000 < now + request.deadline);
  warn(short.length > 0, 'auth.cookies', `hold ${short.length} that may run out before the deadline of the capture`);
  return [...warnings, ...tokenWarnings(auth, { showNames, now })].slice(0, WARNINGS_MAX);
}

function whyNone(left: readonly { reason: string }[]): string {
  if (left.every(({ reason }) => reason.includes('expires'))) return 'have all run out: record the state anew';
  if (left.every(({ reason }) => reason.includes('allowed domain'))) return 'are all for hosts that are not allowed domains';
  return 'were all left out: see `auth.rejected`';
}

function goesTo(domain: string, host: string): boolean {
  return domain.startsWith('.') ? domain.slice(1) === host || matchesHost(`*${domain}`, host) : domain === host;
}

/** Tokens that say themselves that they have run out. An app with a second, longer-lived token may renew them. */
function tokenWarnings(auth: ResolvedAuth, { showNames, now }: Options): FieldError[] {
  const stored = (['localStorage', 'sessionStorage'] as const).flatMap((area) =>
    Object.entries(auth[area]).flatMap(([origin, items]) =>
      Object.entries(items).map(([name, value]) => ({ path: `auth.${area}`, name: `${origin} ${name}`, value })),
    ),
  );
  const places = [
    ...stored,
    ...auth.cookies.map(({ name, value }) => ({ path: 'auth.cookies', name, value })),
    ...Object.entries(auth.headers).map(([name, value]) => ({ path: 'auth.headers', name, value })),
  ];
  return places
    .filter(({ value }) => (readExpiry(value) ?? now + 1) <= now)
    .map(({ path, name }) => ({
      path,
      message: `${showNames ? `\`${name.slice(0, 200)}\` holds` : 'holds'} a token whose \`exp\` has passed: unless the application renews it, the page will not know its user`,
    }));
}

/** When a token in a value runs out, in milliseconds; null where there is none that says so. */
function readExpiry(value: string): number | null {
  const claims = JWT.exec(value.slice(0, TOKEN_CHARS_MAX))?.[1];
  if (claims === undefined) return null;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
    const exp: unknown = typeof parsed === 'object' && parsed !== null && 'exp' in parsed ? parsed.exp : null;
    return typeof exp === 'number' ? exp * 1000 : null;
  } catch {
    return null; // it only looked like a token
  }
}
