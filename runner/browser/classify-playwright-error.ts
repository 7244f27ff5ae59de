import { errors } from 'playwright';
import { POLICY_REASONS } from '#shared/egress-policy.ts';
import { type Failure, failure, type Step } from '#shared/failure.ts';
import { WaitExpired } from './capture-run.ts';
import type { EgressSession } from './egress/egress-proxy.ts';

/**
 * What a thrown thing of Playwright was. Its text quotes selectors, values and URLs, so it never leaves this file:
 * only the kind does, and for a failed navigation Chromium's own error name such as `ERR_NAME_NOT_RESOLVED`.
 */
export type PlaywrightError =
  | { kind: 'timeout' }
  | { kind: 'gone' }
  | { kind: 'navigated' }
  | { kind: 'ambiguous' }
  | { kind: 'network'; name: string }
  | { kind: 'download' }
  | { kind: 'other' };

/** Names the kind of a Playwright error. */
export function classifyPlaywrightError(error: unknown): PlaywrightError {
  if (error instanceof errors.TimeoutError) return { kind: 'timeout' };
  const message = error instanceof Error ? error.message : '';
  const name = /net::(ERR_[A-Z0-9_]+)/.exec(message)?.[1];
  if (name) return { kind: 'network', name };
  if (/Download is starting/.test(message)) return { kind: 'download' };
  if (/strict mode violation/.test(message)) return { kind: 'ambiguous' };
  if (
    /Execution context was destroyed|Cannot find context|Frame was detached|frame got detached|Inspected target navigated|Could not find object|No frame for given id|interrupted by another navigation/i.test(
      message,
    )
  )
    return { kind: 'navigated' };
  if (/has been closed|Target crashed|Page crashed|browser has disconnected|Target closed/i.test(message)) return { kind: 'gone' };
  return { kind: 'other' };
}

/**
 * Says what a caller's expression did, by the name of JavaScript's own error alone: its text, and names that a page gives
 * to errors of its own, may hold anything.
 */
export function scriptFault(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const name = /^(?:[A-Za-z]+\.[A-Za-z]+: )?(TypeError|ReferenceError|SyntaxError|RangeError|URIError|EvalError)\b/.exec(message)?.[1];
  if (name === 'SyntaxError') return 'cannot be evaluated: SyntaxError';
  return name ? `threw a ${name}` : 'cannot be evaluated or threw an error';
}

/** What a failure says of a page that cannot be asked. */
export const UNREADABLE = {
  instead:
    "The page has replaced parts of JavaScript's or the browser's own library, so that it could not be read. Let it leave them as they are, or set `javaScriptEnabled: false` if what it shows needs no script.",
};

/**
 * Tells whether a function of ours threw in the page's own world, or could not be sent there: the page has replaced or taken
 * away what it is made of. What is at fault is not told apart from a mistake in the function: whoever tells callers logs it.
 */
export function threwInPage(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof WaitExpired || classifyPlaywrightError(error).kind !== 'other') return false;
  return /^(?:page|frame|locator|elementHandle)\.(?:evaluate|evaluateAll): /.test(error.message);
}

/**
 * What else is known of a failed navigation: the status of the document, whether there was any answer to its page, and
 * whether the caller's headers ask for the page only if it has changed.
 */
export type NavigationTold = {
  proxy: Pick<EgressSession, 'lastBlock'>;
  documentStatus: number | null;
  isAnswered: boolean;
  isConditional: boolean;
};

/** What is wrong with a certificate, by Chromium's name for it, and the remedy. */
const CERTIFICATE_FAULTS: Record<string, string> = {
  ERR_CERT_AUTHORITY_INVALID:
    'is signed by an authority that the runner does not know, or by itself. For a private one set SESSIONSHOT_EXTRA_CA_FILE at the runner; a public site must send its whole chain.',
  ERR_CERT_COMMON_NAME_INVALID:
    'is not made for this host. Capture the site by a name that the certificate holds, or have one made for this name.',
  ERR_CERT_DATE_INVALID: 'has expired or is not valid yet. Have the site renew it; if it is in date, set the clock of the runner.',
  ERR_CERT_REVOKED: 'was revoked by its authority. The site needs a new one.',
  ERR_CERT_WEAK_SIGNATURE_ALGORITHM: 'is signed by a method that is no longer safe. The site needs a new one.',
  ERR_CERT_WEAK_KEY: 'has a key that is too short to be safe. The site needs a new one.',
};

function tlsFailure(host: string, name: string, at: Step): Failure {
  const fault = CERTIFICATE_FAULTS[name];
  if (!fault) return failure('target_tls_error', at, `${host}: ${name}.`);
  return failure('target_tls_error', at, { instead: `The certificate of ${host} ${fault} (${name})` });
}

/** Turns a failed navigation to `host` into a failure; the egress proxy knows best why a connection did not open. */
export function navigationFailure(
  error: PlaywrightError,
  host: string,
  { proxy, documentStatus, isAnswered, isConditional }: NavigationTold,
): Failure {
  const at: Step = 'navigate';
  if (error.kind === 'timeout') return failure('navigation_timeout', at);
  if (error.kind === 'gone') return failure('browser_crashed', at);
  if (error.kind === 'download')
    return failure('target_http_error', at, {
      instead: 'The URL is a download, not a page. Capture the page that offers it, or fetch the file without a browser.',
    });
  if (error.kind !== 'network') return failure('internal', at);
  const { name } = error;
  const block = proxy.lastBlock(host);
  if (block !== null && POLICY_REASONS.has(block)) return failure('target_address_blocked', at, `${host}: ${block}.`);
  if (/^ERR_(CERT|SSL|BAD_SSL|TLS|ECH)/.test(name)) return tlsFailure(host, name, at);
  // Of an answer of 304 the browser tells nothing: it has nothing stored, so it has nothing to show. A redirect to a web
  // address it tells; whether it is the one or a redirect out of the web, only the caller's headers tell.
  const isSilent = name === 'ERR_ABORTED' && !isAnswered;
  if (isSilent && isConditional)
    return failure('target_http_error', at, {
      instead: `${host} answered without a page, as with status 304 (not modified): the browser has none stored that it could show. Leave \`If-None-Match\` and \`If-Modified-Since\` out of \`headers\`.`,
    });
  // Chromium hands `mailto:` and its like to another program, and tells no more than that the navigation is over.
  const leftTheWeb = name === 'ERR_UNSAFE_REDIRECT' || (name === 'ERR_ABORTED' && documentStatus === null);
  if (leftTheWeb || name.endsWith('_URL_SCHEME'))
    return failure(
      'navigation_blocked',
      at,
      `${host} redirects to an address that is not a web page: only https pages are captured.${isSilent ? ' Or it answered 304 (not modified), which shows no page either.' : ''}`,
    );
  if (name === 'ERR_ABORTED')
    return failure('target_http_error', at, { instead: `${host} answered without a page. Capture an address that shows one.` });
  if (name === 'ERR_TOO_MANY_REDIRECTS')
    return failure('target_http_error', at, 'The address redirects in a circle, which sites also do to a session they no longer know.');
  if (name === 'ERR_TIMED_OUT' || name === 'ERR_CONNECTION_TIMED_OUT')
    return failure('target_unreachable', at, `${host}: ${block ?? name}.`);
  if (/^ERR_(INVALID_(RESPONSE|HTTP)|EMPTY_RESPONSE|HTTP|RESPONSE|CONTENT|INCOMPLETE|BLOCKED|INVALID_AUTH)/.test(name))
    return failure('target_http_error', at, `${host}: ${name}.`);
  return failure('target_unreachable', at, `${host}: ${block ?? name}.`);
}

/** Tells whether a wait ended because its own time was over. */
export function isExpiry(error: unknown): boolean {
  return error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'timeout';
}
