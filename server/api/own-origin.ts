import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { AppError } from '../domain/app-error.ts';

/** Where this server is reached: what it was told (`publicUrl`) and what it listens on. */
export type OwnAddress = { publicUrl: URL | null; host: string };

/** The header by which our own console says that a request is its own; other sites cannot send it without a preflight. */
const CONSOLE_HEADER = 'x-sessionshot';

/**
 * Refuses requests under a host name that is not ours. Another site's name that resolves to this machine (DNS
 * rebinding) would make that site "same origin" in a browser. Addresses and localhost cannot be rebound.
 */
export function checkOwnHost(headers: IncomingHttpHeaders, own: OwnAddress): void {
  const host = hostnameOf(headers.host);
  if (host !== null && (isLocal(host) || host === own.host || host === own.publicUrl?.hostname)) return;
  throw new AppError('forbidden', 'The console does not know this host name. Set SESSIONSHOT_PUBLIC_URL to the URL that people open.');
}

/**
 * Refuses a change that another site may have started: it must come from our own origin, or carry the console's header.
 */
export function checkOwnOrigin(headers: IncomingHttpHeaders, own: OwnAddress): void {
  if (headers[CONSOLE_HEADER] !== undefined) return;
  const { origin } = headers;
  if (origin !== undefined && URL.canParse(origin)) {
    const url = new URL(origin);
    if (url.origin === own.publicUrl?.origin || url.host === headers.host) return;
  }
  throw new AppError(
    'forbidden',
    'This change did not come from the console. Reload the page; behind a proxy, set SESSIONSHOT_PUBLIC_URL.',
  );
}

/** Tells whether a peer address is this machine itself. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

function hostnameOf(host: string | undefined): string | null {
  return host !== undefined && URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : null;
}

function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}
