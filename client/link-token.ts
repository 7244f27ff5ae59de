/**
 * The token of a one-time link, from the fragment (`#token=…`) or, for signing in, from `?link=…`. It is removed from the
 * address and the history before anything else runs: it must not be bookmarked, shared or sent as a referrer.
 */
type LinkPath = '/sign-in' | '/invite';

let waiting: { path: string; token: string } | null = removeFromAddress();

/** Hands out the token that the address held for this page, once; null when there is none. */
export function takeLinkToken(path: LinkPath): string | null {
  const found = removeFromAddress() ?? waiting;
  if (found?.path !== path) return null;
  waiting = null;
  return found.token;
}

function removeFromAddress(): { path: string; token: string } | null {
  const url = new URL(location.href);
  if (url.pathname !== '/sign-in' && url.pathname !== '/invite') return null;
  const token = new URLSearchParams(url.hash.slice(1)).get('token') ?? url.searchParams.get('link');
  if (!token) return null;
  url.hash = '';
  url.searchParams.delete('link');
  history.replaceState(history.state, '', url);
  return { path: url.pathname, token };
}
