import type { EntityManager } from '@mikro-orm/postgresql';
import pg from 'pg';
import { z } from 'zod';
import { backoffMs } from '#shared/backoff.ts';
import type { Log } from '#shared/log.ts';

const CHANNEL = 'sessionshot';
const RECONNECT_MS = { first: 200, max: 10_000 };
const CONNECT_MS_MAX = 5_000;
const KEEP_ALIVE_MS = 30_000;

const eventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('job'), jobId: z.string() }),
  z.object({ kind: z.literal('cancel'), jobId: z.string() }),
  z.object({ kind: z.literal('webhook'), workspaceId: z.string() }),
  // A server of an earlier version does not say whether it is final: then those who wait look.
  z.object({ kind: z.literal('capture'), captureId: z.string(), workspaceId: z.string(), isFinal: z.boolean().default(true) }),
  z.object({ kind: z.literal('key_network'), keyId: z.string(), workspaceId: z.string() }),
]);
type ServerEvent = z.infer<typeof eventSchema>;

/** Tells every server about events when (and only if) the transaction of `em` commits. Ids only, never data. */
export async function notify(em: EntityManager, ...events: [ServerEvent, ...ServerEvent[]]): Promise<void> {
  const calls = events.map(() => 'pg_notify(?, ?)').join(', ');
  await em.execute(
    `select ${calls}`,
    events.flatMap((event) => [CHANNEL, JSON.stringify(event)]),
  );
}

/**
 * Listens for the events of all servers on one connection of its own, which it opens again with back-off when it is
 * lost. What was said meanwhile is missed: every waiter must also poll. Never throws for a database that is away.
 */
export function createEvents(databaseUrl: string, log: Log): Events & { close(): Promise<void> } {
  const hub = createEventHub();
  const closing = new AbortController();
  const running = listen({ databaseUrl, log, hub, signal: closing.signal });
  return {
    on: hub.on,
    next: hub.next,
    async close() {
      closing.abort();
      await running;
    },
  };
}

type Events = {
  on(listener: (event: ServerEvent) => void): () => void;
  next(fits: (event: ServerEvent) => boolean, ms: number, signal?: AbortSignal): Promise<boolean>;
};
type Hub = Events & { emit(event: ServerEvent): void };
type Listening = { databaseUrl: string; log: Log; hub: Hub; signal: AbortSignal };

/** Spreads events within this process. */
export function createEventHub(): Hub {
  const listeners = new Set<(event: ServerEvent) => void>();
  const on = (listener: (event: ServerEvent) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    on,
    emit: (event) => {
      for (const listener of [...listeners]) listener(event);
    },
    next: (fits, ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve(false);
        const finish = (met: boolean) => {
          clearTimeout(timer);
          off();
          signal?.removeEventListener('abort', abandon);
          resolve(met);
        };
        const abandon = () => finish(false);
        const timer = setTimeout(abandon, ms);
        const off = on((event) => {
          if (fits(event)) finish(true);
        });
        signal?.addEventListener('abort', abandon, { once: true });
      }),
  };
}

async function listen(listening: Listening): Promise<void> {
  const { log, signal } = listening;
  for (let failures = 0; !signal.aborted; failures++) {
    const heard = await listenOnce(listening).catch((error: unknown) => {
      if (!signal.aborted) log.warn('The event connection to the database was lost; opening it again', { error });
      return false;
    });
    if (heard) failures = 0;
    await pause(backoffMs(failures + 1, RECONNECT_MS.first, RECONNECT_MS.max), signal);
  }
}

/** Holds one connection until it breaks or the signal aborts. Answers true when it had been listening. */
async function listenOnce({ databaseUrl, log, hub, signal }: Listening): Promise<boolean> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    query_timeout: CONNECT_MS_MAX,
    keepAlive: true,
    application_name: 'sessionshot-events',
  });
  const broken = new Promise<void>((resolve) => {
    client.on('error', () => resolve());
    client.on('end', () => resolve());
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  client.on('notification', (message) => {
    const event = readEvent(message.payload);
    if (event) hub.emit(event);
    else log.warn('An event could not be read and was passed over', { reason: message.channel });
  });
  try {
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    // A half-open connection says nothing of itself: only a question that is not answered shows it.
    while (!signal.aborted && (await Promise.race([broken.then(() => false), pause(KEEP_ALIVE_MS, signal).then(() => true)]))) {
      if (!signal.aborted) await client.query('select 1');
    }
    return true;
  } finally {
    // The connection is of no more use: how it ends does not matter, and a dead peer must not hold the loop up.
    await Promise.race([client.end().catch(() => undefined), pause(1_000)]);
  }
}

function readEvent(payload: string | undefined): ServerEvent | undefined {
  try {
    return eventSchema.safeParse(JSON.parse(payload ?? '')).data;
  } catch {
    return undefined; // not JSON: somebody else spoke on the channel
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener('abort', finish, { once: true });
  });
}
