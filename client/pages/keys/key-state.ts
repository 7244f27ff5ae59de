import type { ApiKeyView } from '#shared/console.ts';

export type KeyState = 'active' | 'expiring' | 'expired' | 'revoked';

const EXPIRING_MS = 7 * 86_400_000;

/** Whether a key still works: `expiring` works for less than a week more. */
export function keyState(key: Pick<ApiKeyView, 'revokedAt' | 'expiresAt'>, now: number): KeyState {
  if (key.revokedAt) return 'revoked';
  if (!key.expiresAt) return 'active';
  const leftMs = Date.parse(key.expiresAt) - now;
  if (leftMs <= 0) return 'expired';
  return leftMs < EXPIRING_MS ? 'expiring' : 'active';
}

/** The instant from which a key does not work, or null where none is set. A rotated key ends by its expiry. */
export function keyEnd(key: Pick<ApiKeyView, 'revokedAt' | 'expiresAt'>): string | null {
  return key.revokedAt ?? key.expiresAt;
}

/** From where a key was used last, and by what, as far as that is known. */
export function lastUseWords({ lastUsedFrom, lastUsedBy }: Pick<ApiKeyView, 'lastUsedFrom' | 'lastUsedBy'>): string {
  return [lastUsedFrom, lastUsedBy && `by ${lastUsedBy}`].filter(Boolean).join(' ');
}

/** What each scope lets a program do, in words. */
export const SCOPE_WORDS = {
  'captures:create': { label: 'Create captures', note: 'Request and cancel captures.' },
  'captures:read': { label: 'Read captures', note: 'See results and get signed links.' },
  'captures:delete': { label: 'Delete captures', note: 'Remove captures and their files.' },
  'captures:script': { label: 'Run scripts', note: "Run the caller's own JavaScript in the signed-in page. Leave off unless needed." },
  'webhooks:manage': { label: 'Manage webhooks', note: 'Say where word of every capture is sent, and see what was.' },
} as const satisfies Record<ApiKeyView['scopes'][number], { label: string; note: string }>;
