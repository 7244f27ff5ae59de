import type { Socket } from 'node:net';
import { Transform } from 'node:stream';
import { type BlockReason, type EgressKind, normalizeHost, POLICY_REASONS, type Reach, type Resolve } from '#shared/egress-policy.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import { dialFirst } from './dial.ts';
import { decideEgress, resolveBySystem } from './egress-policy.ts';
import type { PortRange } from './listen-on-loopback.ts';
import { limitLookUps } from './look-ups.ts';

/** `decide` and `resolve` are replaced by tests and by the self-test only, `dial` also for an upstream proxy. */
export type EgressOptions = {
  /** Null for a way out that nobody uses yet: it lets nothing through until `allow` is called. */
  reach: Reach | null;
  log: Log;
  decide?: typeof decideEgress;
  resolve?: Resolve;
  /** Answers with why it got no connection, or null for `unreachable`. */
  dial?: (way: Way, signal: AbortSignal) => Promise<Socket | BlockReason | null>;
  bytesMax?: number;
  connectionsMax?: number;
  /** Where it may listen; null or absent for any port. */
  ports?: PortRange | null;
  /** How long a head may take to arrive, and how long an open connection may be silent. */
  headersMs?: number;
  idleMs?: number;
};
export type Target = { kind: EgressKind; host: string; port: number };
export type Way = Target & { addresses: string[] };
/** What one capture's proxy remembers: its open sockets, its decisions, and the bytes that are left. */
export type EgressLedger = ReturnType<typeof openLedger>;

const HOSTS_REMEMBERED_MAX = 5000;

/** Opens the books of one capture's way out; `close` also ends the given listener and every socket that was tracked. */
export function openLedger(options: EgressOptions) {
  const {
    log,
    decide: judge = decideEgress,
    resolve = resolveBySystem,
    dial = dialFirst,
    bytesMax = LIMITS.proxyBytesMax,
    connectionsMax = LIMITS.proxyConnectionsMax,
    headersMs = LIMITS.proxyHeadersMsMax,
    idleMs = LIMITS.proxyIdleMsMax,
  } = options;
  const lookUp = limitLookUps(resolve);
  const sockets = new Set<Socket>();
  const reached = new Set<string>();
  const noted = new Set<string>();
  const refused = new Map<string, { host: string; reason: BlockReason }>();
  const last = new Map<string, BlockReason>();
  const ended = new AbortController();
  let { reach } = options;
  let bytesLeft = bytesMax;

  const record = (host: string, reason: BlockReason) => {
    // A page can make up any number of hosts.
    if (last.size < HOSTS_REMEMBERED_MAX) last.set(host, reason);
    log.debug('egress refused', { host, reason });
    if (POLICY_REASONS.has(reason) && refused.size < LIMITS.proxyHostsShownMax) refused.set(`${host} ${reason}`, { host, reason });
  };
  /** Once for each host and port: a page opens hundreds of connections to the same few. */
  const noteReached = ({ host, port }: Target) => {
    last.delete(host);
    if (reached.size < LIMITS.proxyHostsShownMax) reached.add(host);
    const place = `${host}:${port}`;
    if (noted.has(place) || noted.size >= HOSTS_REMEMBERED_MAX) return;
    noted.add(place);
    log.debug('egress reached', { host, port });
  };
  const track = (socket: Socket) => {
    if (ended.signal.aborted) return void socket.destroy();
    sockets.add(socket);
    socket.on('error', () => socket.destroy()); // resets are how pages end connections
    socket.once('close', () => sockets.delete(socket));
  };
  const decide = async (target: Target | null): Promise<Way | null> => {
    if (!target || !reach || ended.signal.aborted) return null;
    const host = normalizeHost(target.host) ?? target.host.slice(0, 253);
    const decision = bytesLeft > 0 ? await judge(reach, target, lookUp) : { ok: false as const, reason: 'byte limit' as const };
    if (decision.ok) return ended.signal.aborted ? null : { ...target, host, addresses: decision.addresses };
    record(host, decision.reason);
    return null;
  };
  /** Connects to what was decided; null when there is no connection, which is recorded. */
  const connect = async (way: Way): Promise<Socket | null> => {
    const dialed = await dial(way, ended.signal);
    if (dialed !== null && typeof dialed !== 'string') return dialed;
    record(way.host, dialed ?? 'unreachable');
    return null;
  };
  const meter = (host: string) =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytesLeft -= chunk.length;
        if (bytesLeft >= 0) return done(null, chunk);
        record(host, 'byte limit');
        done(new Error('The capture used up its bytes.'));
      },
    });
  const endAll = async (server: { close(done: () => void): unknown }) => {
    ended.abort();
    const { promise: closed, resolve: done } = Promise.withResolvers<void>();
    server.close(() => done());
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    allow: (allowed: Reach) => {
      reach = allowed;
    },
    connectionsMax,
    headersMs,
    idleMs,
    connect,
    record,
    track,
    decide,
    meter,
    close: endAll,
    reached: noteReached,
    hosts: () => [...reached],
    blocked: () => [...refused.values()],
    lastBlock: (host: string) => last.get(normalizeHost(host) ?? host) ?? null,
  };
}
