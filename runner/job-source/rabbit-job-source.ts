import { setTimeout as wait } from 'node:timers/promises';
import { Connection, ConsumerStatus } from 'rabbitmq-client';
import { backoffMs } from '#shared/backoff.ts';
import type { JobId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import { type Claim, WAKE_UP_QUEUE, wakeUpSchema } from '#shared/runner-protocol.ts';
import type { Secret } from '#shared/secret.ts';
import { type ControlPlane, ControlPlaneError } from '../control-plane.ts';
import type { Slots } from '../slots.ts';
import type { JobSource, TakeJob } from './job-source.ts';
import { createPollJobSource } from './poll-job-source.ts';

export type RabbitOptions = { url: Secret<string>; control: Pick<ControlPlane, 'claim'>; slots: Slots; log: Log; lookMs?: number };

const RECONNECT_MS = { low: 500, high: 10_000 };
const HEARTBEAT_SECONDS = 10;

/**
 * Takes jobs by the doorbells of RabbitMQ: as many unacknowledged messages as there are slots, each acknowledged when
 * its job was reported, or before that when the next may be claimed: the lease, not the message, brings a lost job back. A doorbell is a hint: a claim that finds nothing drops it, and a slow poll beside it finds
 * jobs whose doorbell was lost. The queue is the server's to declare; here it is looked up passively, so that a wrong
 * declaration can never come from a runner. Reconnects for ever.
 */
export function createRabbitJobSource({ url, control, slots, log, lookMs = LIMITS.reconcileMs }: RabbitOptions): JobSource {
  return {
    run: async (take, signal) => {
      const running = new Set<Promise<void>>();
      const connection = new Connection({
        url: url.reveal(),
        connectionName: 'sessionshot-runner',
        retryLow: RECONNECT_MS.low,
        retryHigh: RECONNECT_MS.high,
        heartbeat: HEARTBEAT_SECONDS,
      });
      connection.on('error', (error: unknown) => log.warn('the connection to RabbitMQ broke and is made again', { error }));
      connection.on('connection', () => log.info('connected to RabbitMQ'));
      const consumer = connection.createConsumer(
        {
          queue: WAKE_UP_QUEUE,
          queueOptions: { passive: true },
          qos: { prefetchCount: slots.size },
          concurrency: slots.size,
          requeue: true,
        },
        (message) => answer({ control, slots, log, take, signal, running }, message.body),
      );
      consumer.on('error', (error: unknown) => log.warn('the consumer stopped and is started again', { error }));
      consumer.on('ready', () => log.info('listening for doorbells', { count: slots.size }));
      const look = createPollJobSource({ control, slots, log, waitMs: 0, pauseMs: lookMs }).run(take, signal);
      await aborted(signal);
      // Ends the subscription at once, then waits for the handlers that run; messages not begun go back to the queue.
      await consumer.close().catch((error: unknown) => log.warn('the consumer did not close in order', { error }));
      await look;
      await Promise.all(running);
      await closeInTime(connection, log);
    },
  };
}

type Doorbell = {
  control: Pick<ControlPlane, 'claim'>;
  slots: Slots;
  log: Log;
  take: TakeJob;
  signal: AbortSignal;
  /** Jobs whose doorbell is answered and whose report is still to come. */
  running: Set<Promise<void>>;
};

async function answer(parts: Doorbell, body: unknown): Promise<ConsumerStatus> {
  const { slots, log, signal } = parts;
  const wakeUp = wakeUpSchema.safeParse(readBody(body));
  if (!wakeUp.success) {
    log.warn('a message that is no doorbell was dropped');
    return ConsumerStatus.ACK;
  }
  const release = await slots.take(signal);
  if (!release) return ConsumerStatus.REQUEUE;
  try {
    const claim = await claimInTime(parts, wakeUp.data.jobId);
    if (claim === 'stopped') return ConsumerStatus.REQUEUE;
    if (claim) await takeUntilNext(parts, claim, release);
    return ConsumerStatus.ACK;
  } finally {
    release();
  }
}

/** Runs a job until it lets the next one be claimed; what is left of it then goes on among `running`. */
async function takeUntilNext({ take, running }: Doorbell, claim: Claim, release: () => void): Promise<void> {
  const { promise: next, resolve: claimNext } = Promise.withResolvers<void>();
  const done = take(claim, () => {
    release();
    claimNext();
  });
  running.add(done);
  void done.finally(() => running.delete(done));
  await Promise.race([done, next]);
}

/**
 * Claims for a doorbell: whose turn it is, which may be another job than the one it named. There is a doorbell for each. While the server is away it is asked again for `LIMITS.doorbellClaimMsMax`; a message
 * put back would only come again at once. After that the doorbell is let go: the server rings again by itself.
 */
async function claimInTime({ control, log, signal }: Doorbell, jobId: JobId): Promise<Claim | null | 'stopped'> {
  const end = Date.now() + LIMITS.doorbellClaimMsMax;
  for (let tries = 1; !signal.aborted; tries++) {
    try {
      return await control.claim({ jobId, isHint: true, waitMs: 0 }, signal);
    } catch (error) {
      if (signal.aborted) break;
      log.warn('a doorbell could not be answered', { jobId, count: tries, error });
      if (Date.now() > end || (error instanceof ControlPlaneError && !error.isTransient)) return null;
      await wait(backoffMs(tries, 500, LIMITS.callRetryMsMax), undefined, { signal }).catch(() => undefined); // looked at above
    }
  }
  return 'stopped';
}

/** The broker's client parses JSON where the message says that it is some; other clients may send bare bytes. */
function readBody(body: unknown): unknown {
  if (!(body instanceof Uint8Array) && typeof body !== 'string') return body;
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined; // refused by the schema
  }
}

async function closeInTime(connection: Connection, log: Log): Promise<void> {
  const limit = new AbortController();
  const late = wait(LIMITS.confirmMsMax, 'late' as const, { signal: limit.signal }).catch(() => 'ended' as const);
  const outcome = await Promise.race([
    connection.close().then(
      () => 'closed' as const,
      () => 'closed' as const,
    ),
    late,
  ]);
  limit.abort();
  if (outcome !== 'late') return;
  log.warn('RabbitMQ did not answer the goodbye: the connection is cut');
  connection.unsafeDestroy();
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}
