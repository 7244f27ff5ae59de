import { lookup, Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect as connectTls, createSecureContext, getCACertificates, type SecureContext, type TLSSocket } from 'node:tls';
import { matchAllowedDomain } from '#shared/allowed-domain.ts';
import { judgeEgress, type Reach, type Resolve } from '#shared/egress-policy.ts';
import { LIMITS } from '#shared/limits.ts';
import { scrub } from '#shared/log.ts';
import { watchOwnNetworks } from '#shared/own-networks.ts';
import type { WebhookMessage, WebhookOutcome, WebhookSender } from '../domain/ports.ts';

const HTTPS_PORT = 443;
const DNS_TRY_MS = 2_000;
/** A dead first address leaves time for another. */
const DIAL_MS_MAX = 4_000;

/** `certificates`: PEM of private authorities that receivers may be signed by. `resolve` and `isOwn` are replaced by tests only. */
export type SenderOptions = { certificates?: readonly string[]; resolve?: Resolve; isOwn?: (address: string) => boolean };
type Means = { context: SecureContext; resolve: Resolve | undefined; isOwn: (address: string) => boolean };

const isOnOwnNetwork = watchOwnNetworks(() => Object.values(networkInterfaces()).flatMap((entries) => entries ?? []));

/** Makes the way out for webhooks: judged by the rules of pages, dialed at the judged addresses alone, read no further than is kept. */
export function createWebhookSender({ certificates = [], resolve, isOwn = isOnOwnNetwork }: SenderOptions = {}): WebhookSender {
  const context = createSecureContext({ ca: [...getCACertificates('default'), ...certificates] });
  return { send: (message, reach) => send({ context, resolve, isOwn }, message, reach) };
}

async function send(means: Means, message: WebhookMessage, reach: Reach): Promise<WebhookOutcome> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), LIMITS.webhookTryMsMax);
  let socket: Socket | null = null;
  try {
    const { hostname: host, port: given } = new URL(message.url);
    const port = Number(given || HTTPS_PORT);
    const resolve = means.resolve ?? (matchAllowedDomain(reach.domains, host, port)?.isPrivate ? resolveBySystem : resolveByServers);
    const decision = await judgeEgress(reach, { kind: 'connect', host, port }, { resolve, isOwn: means.isOwn });
    if (!decision.ok) return failed(decision.reason);
    socket = await dial({ addresses: decision.addresses, port }, late.signal);
    if (!socket) return failed(late.signal.aborted ? LATE : 'unreachable');
    const secured = await secure(socket, { host, context: means.context, signal: late.signal });
    return await exchange(secured, message, late.signal);
  } catch (error) {
    return failed(late.signal.aborted ? LATE : wordsOf(error));
  } finally {
    clearTimeout(timer);
    late.abort();
    socket?.destroy();
  }
}

const LATE = `no answer within ${LIMITS.webhookTryMsMax / 1000} s`;
const failed = (error: string): WebhookOutcome => ({ ok: false, status: null, error, response: null });

/** Only the kind of a fault: its text may name addresses of our network. */
function wordsOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(ERR_TLS|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|ERR_SSL)/.test(code))
    return `the certificate or TLS of the receiver is not valid (${code})`;
  if (code === 'HPE_HEADER_OVERFLOW') return `the head of the answer is larger than ${LIMITS.webhookHeadBytesMax} bytes`;
  return /^[A-Z_]{3,40}$/.test(code) ? `the connection broke (${code})` : 'the connection broke';
}

/** For what the operator has listed: the names of a hosts file count, as they do for pages. */
const resolveBySystem: Resolve = async (host) => (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** For everybody else's names: not on the few threads of the system's resolver, which names that never answer could hold. */
const resolveByServers: Resolve = async (host) => {
  const resolver = new Resolver({ timeout: DNS_TRY_MS, tries: 2 });
  const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
};

async function dial({ addresses, port }: { addresses: readonly string[]; port: number }, signal: AbortSignal): Promise<Socket | null> {
  for (const address of addresses) {
    if (signal.aborted) return null;
    const socket = connect({ host: address, port });
    socket.on('error', () => undefined); // told by the promise, or by whoever uses the socket
    try {
      await once(socket, 'connect', { signal: AbortSignal.any([signal, AbortSignal.timeout(DIAL_MS_MAX)]) });
      return socket;
    } catch {
      socket.destroy();
    }
  }
  return null;
}

async function secure(socket: Socket, way: { host: string; context: SecureContext; signal: AbortSignal }): Promise<TLSSocket> {
  const secured = connectTls({
    socket,
    servername: way.host,
    secureContext: way.context,
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: true,
  });
  secured.on('error', () => undefined); // told by the promise, or by the request
  await once(secured, 'secureConnect', { signal: way.signal });
  return secured;
}

async function exchange(socket: TLSSocket, { url, headers, body }: WebhookMessage, signal: AbortSignal): Promise<WebhookOutcome> {
  const { host, pathname, search } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpRequest({
    createConnection: () => socket,
    method: 'POST',
    path: pathname + search,
    headers: { ...headers, host, 'content-length': Buffer.byteLength(body), connection: 'close' },
    maxHeaderSize: LIMITS.webhookHeadBytesMax,
    signal,
  });
  request
    .on('response', resolve)
    .on('error', reject)
    .on('close', () => reject(new Error('closed without an answer')));
  request.end(body);
  const response = await promise;
  const status = response.statusCode ?? 0;
  const ok = status >= 200 && status < 300;
  const error = ok ? null : `answered ${status}${status >= 300 && status < 400 ? ': redirects are not followed' : ''}`;
  return { ok, status, error, response: await readStart(response) };
}

/** Reads as much of an answer as is kept. One that breaks off or comes too slowly is kept as far as it came. */
async function readStart(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      chunks.push(Buffer.from(chunk));
      bytes += chunks.at(-1)?.length ?? 0;
      if (bytes >= LIMITS.webhookAnswerBytesKept) break;
    }
  } catch {
    // the status was there already, and it is what counts
  }
  const text = Buffer.concat(chunks).subarray(0, LIMITS.webhookAnswerBytesKept).toString('utf8');
  return scrub(text.replaceAll('\u0000', '\ufffd'));
}
