/**
 * What an API key may do. `captures:script` is apart because it runs the caller's code in a signed-in page, and
 * `webhooks:manage` because it says where word of every capture goes.
 */
export const SCOPES = ['captures:create', 'captures:read', 'captures:delete', 'captures:script', 'webhooks:manage'] as const;
export type Scope = (typeof SCOPES)[number];
export const DEFAULT_SCOPES: readonly Scope[] = ['captures:create', 'captures:read', 'captures:delete'];
