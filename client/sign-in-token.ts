/**
 * The token of a one-time link, from the fragment (`#token=…`) or from `?link=…`. It is removed from the address and
 * the history before anything else runs: it must not be bookmarked, shared or sent as a referrer.
 */
let waiting: string | null = removeFromAddress();

/** Hands out the token that the address held, once; null when there is none. */
export function takeSignInToken(): string | null {
  const token = removeFromAddress() ?? waiting;
  waiting = null;
  return token;
}

function removeFromAddress(): string | null {
  const url = new URL(location.href);
  if (url.pathname !== '/sign-in') return null;
  const token = new URLSearchParams(url.hash.slice(1)).get('token') ?? url.searchParams.get('link');
  if (!token) return null;
  url.hash = '';
  url.searchParams.delete('link');
  history.replaceState(history.state, '', url);
  return token;
}
