/**
 * The closed list of the ways in which a capture can fail. `blame` says whose move it is, `retry` which retry rule
 * applies: `never`; `target` (a few more tries, unless actions have run); `service` (ours: more tries); the sentence
 * names the remedy and is safe to show to anybody who may see the capture.
 */
export type Blame = 'request' | 'target' | 'service';
export type RetryClass = 'never' | 'target' | 'service';

export const FAILURES = {
  login_wall: {
    blame: 'target',
    retry: 'never',
    says: 'The page asked to sign in, so nothing was stored. Send a fresh auth state; if the site rotates its session on first use, the state may already be spent.',
  },
  access_denied: {
    blame: 'target',
    retry: 'never',
    says: 'The site answered that this user may not see the page. Use the auth state of a user who may.',
  },
  auth_not_applied: {
    blame: 'request',
    retry: 'never',
    says: 'The auth state could not be applied whole, so nothing was captured. Correct the part that `auth.rejected` names, and send the request again.',
  },
  payload_unreadable: {
    blame: 'service',
    retry: 'never',
    says: 'The sealed request could not be opened by the runner. Check that runners hold the private key the server seals to, then send the request again.',
  },
  navigation_blocked: {
    blame: 'target',
    retry: 'never',
    says: 'The page navigated to a host that is not an allowed domain. Add the host named here if the capture may go there.',
  },
  target_address_blocked: {
    blame: 'target',
    retry: 'never',
    says: 'The host resolves to an address that captures may not reach (private, link-local, metadata or reserved).',
  },
  target_unreachable: { blame: 'target', retry: 'target', says: 'The host could not be reached: no such name, refused, or no answer.' },
  target_tls_error: {
    blame: 'target',
    retry: 'target',
    says: 'No trusted TLS connection to the site could be opened. Check how it speaks TLS, with its own browser or `openssl s_client`.',
  },
  target_http_error: {
    blame: 'target',
    retry: 'target',
    says: 'The site answered with an error page. Allow it with `expect: [{ "status": … }]` if it is what you want.',
  },
  navigation_timeout: {
    blame: 'target',
    retry: 'target',
    says: 'The page did not load in time. Raise `timeouts.navigation` if it is slow by nature.',
  },
  readiness_timeout: {
    blame: 'target',
    retry: 'target',
    says: 'The page did not settle in time. Name what to wait for in `waitFor`, raise `timeouts.readiness`, or set `onTimeout: "capture"`.',
  },
  action_timeout: {
    blame: 'target',
    retry: 'target',
    says: 'An action did not find its element in time. Check the selector against the page the user sees.',
  },
  action_failed: { blame: 'request', retry: 'never', says: 'An action could not be carried out.' },
  expectation_failed: { blame: 'target', retry: 'never', says: 'The page did not meet an `expect` check, so nothing was stored.' },
  total_timeout: {
    blame: 'target',
    retry: 'never',
    says: 'The capture used up `timeouts.total`. Raise it if the page is slow by nature, or shorten the step that took longest.',
  },
  output_too_large: {
    blame: 'request',
    retry: 'never',
    says: 'The result is larger than allowed. Capture a part of the page.',
  },
  browser_crashed: { blame: 'service', retry: 'service', says: 'The browser ended while it rendered the page.' },
  runner_lost: { blame: 'service', retry: 'service', says: 'The runner stopped reporting while it worked on the capture.' },
  storage_unavailable: { blame: 'service', retry: 'service', says: 'The result could not be stored.' },
  poison: { blame: 'target', retry: 'never', says: 'The page ended two runner processes and was put aside.' },
  interrupted: {
    blame: 'service',
    retry: 'never',
    says: 'The attempt broke off after an action that may have had an effect, and was not repeated. Set `retryAfterActions: true` where repeating is safe.',
  },
  no_runner: { blame: 'service', retry: 'never', says: 'No runner that fits was online before the deadline.' },
  deadline_exceeded: { blame: 'service', retry: 'never', says: 'The capture was not finished by its deadline.' },
  internal: { blame: 'service', retry: 'service', says: 'Something went wrong on our side. Quote the capture id when you report it.' },
} as const satisfies Record<string, { blame: Blame; retry: RetryClass; says: string }>;

export type FailureCode = keyof typeof FAILURES;
export const FAILURE_CODES = Object.keys(FAILURES) as [FailureCode, ...FailureCode[]];

/** The steps of an attempt, in order: what a running capture shows as its progress and a failed one as its place. */
export const STEPS = ['claimed', 'session', 'navigate', 'settle', 'actions', 'render', 'store'] as const;
export type Step = (typeof STEPS)[number];

/** What went wrong in one attempt. `detail` is a sentence of ours, free of page text, values and query strings. */
export type Failure = { code: FailureCode; detail: string; step: Step | null };

/**
 * Builds a failure. What goes before the catalogue's own sentence is `detail`; `instead` replaces that sentence where its
 * remedy would be wrong.
 */
export function failure(code: FailureCode, step: Step | null, detail?: string | { instead: string }): Failure {
  if (typeof detail === 'object') return { code, step, detail: detail.instead };
  return { code, step, detail: detail ? `${detail} ${FAILURES[code].says}` : FAILURES[code].says };
}
