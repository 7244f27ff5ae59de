import { countAuth, type RejectedItem, type ResolvedAuth } from './auth-policy.ts';
import type { AuthItem, AuthReceipt } from './capture.ts';
import { LIMITS } from './limits.ts';

/** Names one part of an auth state: what it is, and the host or origin that it belongs to. */
export type AuthPart = Pick<AuthItem, 'kind' | 'name' | 'at'>;
/** Those that need a look come first, because a long list is cut. */
const ORDER: readonly AuthItem['status'][] = ['rejected', 'deleted_by_site', 'replaced_by_site', 'never_sent', 'applied', 'accepted'];

/** Lists every part of an auth state by its name. The password of basic authentication goes by its origin alone. */
export function partsOf(auth: ResolvedAuth): AuthPart[] {
  const stored = (kind: 'localStorage' | 'sessionStorage') =>
    Object.entries(auth[kind]).flatMap(([at, items]) => Object.keys(items).map((name) => ({ kind, name, at })));
  return [
    ...auth.cookies.map(({ name, domain }) => ({ kind: 'cookie' as const, name, at: domain })),
    ...stored('localStorage'),
    ...stored('sessionStorage'),
    ...auth.indexedDB.flatMap((entry) =>
      (entry.indexedDB ?? []).map((database) => ({ kind: 'indexedDB' as const, name: nameOf(database), at: entry.origin })),
    ),
    ...Object.keys(auth.headers).flatMap((name) => auth.headerOrigins.map((at) => ({ kind: 'header' as const, name, at }))),
    ...(auth.httpCredentials ? [{ kind: 'httpCredentials' as const, name: 'basic', at: auth.httpCredentials.origin }] : []),
  ];
}

/** The receipt of an auth state before anything was tried: what was left out, and the rest as `status`. */
export function firstReceipt(auth: ResolvedAuth, status: AuthItem['status'], reason?: string): AuthReceipt {
  const items = partsOf(auth).map((part) => ({ ...part, status, ...(reason ? { reason } : {}) }));
  return makeReceipt({ ...countAuth(auth), rejected: auth.rejected }, items);
}

/** Builds a receipt from how each part fared; what was rejected is added from `rejected`. Bounded, and safe to store. */
export function makeReceipt(
  base: { cookies: number; origins: number; rejected: readonly RejectedItem[] },
  items: readonly AuthItem[],
): AuthReceipt {
  const refused = base.rejected.map(({ name, reason, kind = 'cookie', at = '' }) => ({
    kind,
    name,
    at,
    status: 'rejected' as const,
    reason,
  }));
  const all = [...refused, ...items].sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
  const counts: NonNullable<AuthReceipt['counts']> = {};
  for (const { status } of all) counts[status] = (counts[status] ?? 0) + 1;
  return {
    cookies: base.cookies,
    origins: base.origins,
    rejected: base.rejected.map(({ name, reason }) => ({ name: shownName(name), reason })),
    counts,
    items: all.slice(0, LIMITS.authItemsShownMax).map((item) => ({ ...item, name: shownName(item.name), at: shownName(item.at) })),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
const CONTROL = /[\u0000-\u001f\u007f]/g;

/** A name as it may be stored and shown: a database takes no NUL and no half of a character, and a name may be a page long. */
function shownName(name: string): string {
  return name.slice(0, LIMITS.authNameCharsShownMax).replace(CONTROL, '\ufffd').toWellFormed();
}

function nameOf(database: unknown): string {
  const name: unknown = typeof database === 'object' && database !== null && 'name' in database ? database.name : null;
  return typeof name === 'string' ? name : 'database';
}
