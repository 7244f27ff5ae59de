import { setImmediate as nextTurn } from 'node:timers/promises';
import { Connection, type Publisher, type PublisherProps } from 'rabbitmq-client';
import type { JobQueue } from '#server/domain/ports.ts';
import { faultPoint } from '#shared/fault-points.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import { DEAD_LETTER_EXCHANGE, DEAD_LETTER_QUEUE, WAKE_UP_QUEUE, type WakeUp } from '#shared/runner-protocol.ts';

const RECONNECT_MS = { low: 300, high: 5_000 };
const HEARTBEAT_SECONDS = 10;
const CLOSE_MS_MAX = 3_000;
const TIMEOUTS_MAX = 3;
const DELIVERY_LIMIT = 20;

/**
 * The one place that declares the topology; runners only check passively. A quorum queue survives the loss of a node,
 * and its delivery limit puts a message aside that keeps ending its consumer. Arguments of a queue that exists cannot be
 * changed: a change needs new names.
 */
const TOPOLOGY: PublisherProps = {
  exchanges: [{ exchange: DEAD_LETTER_EXCHANGE, type: 'direct', durable: true }],
  queues: [
    { queue: DEAD_LETTER_QUEUE, durable: true, arguments: { 'x-queue-type': 'quorum' } },
    {
      queue: WAKE_UP_QUEUE,
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': DELIVERY_LIMIT,
        'x-dead-letter-exchange': DEAD_LETTER_EXCHANGE,
        'x-dead-letter-routing-key': DEAD_LETTER_QUEUE,
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
    },
  ],
  queueBindings: [{ exchange: DEAD_LETTER_EXCHANGE, queue: DEAD_LETTER_QUEUE, routingKey: DEAD_LETTER_QUEUE }],
};

type Line = { connection: Connection; publisher: Publisher; returned: Set<string>; close(): Promise<void> };

/**
 * Announces jobs through RabbitMQ: persistent messages with confirms, each waited for at most `LIMITS.confirmMsMax`. A
 * message that no queue took is a failure. The client waits without end for a broker that is away or frozen, so this
 * adapter has its own time limit, and takes a fresh connection after three time-outs in a row: a half-open one is never
 * reported. Connects in the background; starts and works in any order.
 */
export function createRabbitJobQueue(url: string, log: Log): JobQueue {
  let timeouts = 0;
  /** It answers again: where nothing is announced, no confirm would ever say so. */
  const answered = () => {
    timeouts = 0;
  };
  let line = openLine(url, log, answered);
  let closed = false;

  /** Once for each line, however many announcements failed on it. */
  const renew = (old: Line, reason: string) => {
    if (closed || old !== line) return;
    log.warn('Taking a fresh connection to the broker', { reason });
    timeouts = 0;
    line = openLine(url, log, answered);
    old.connection.unsafeDestroy();
  };

  return {
    isHeard: true,
    async announce(wakeUp: WakeUp) {
      if (closed) throw new Error('The job queue is closed');
      const used = line;
      const result = await publish(used, wakeUp);
      if (result === 'confirmed') timeouts = 0;
      if (result === 'late' && ++timeouts >= TIMEOUTS_MAX) renew(used, 'confirms are late');
      // The queue is gone: a new line declares it again.
      if (result === 'unroutable') renew(used, 'the queue is missing');
      if (result === 'late') throw new Error(`The broker did not confirm within ${LIMITS.confirmMsMax} ms`);
      if (result === 'unroutable') throw new Error(`No queue took the message: ${WAKE_UP_QUEUE} is missing`);
    },
    async health() {
      if (closed) return 'closed';
      if (!line.connection.ready) return 'not connected, or blocked by the broker';
      return timeouts === 0 ? 'ok' : 'the broker is late with confirms';
    },
    async close() {
      closed = true;
      await line.close();
    },
  };
}

type Published = 'confirmed' | 'unroutable' | 'late';

async function publish(line: Line, wakeUp: WakeUp): Promise<Published> {
  const messageId = crypto.randomUUID();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Published>((resolve) => {
    timer = setTimeout(resolve, LIMITS.confirmMsMax, 'late');
  });
  const sent = send(line, messageId, wakeUp);
  void faultPoint('before_confirm');
  try {
    return await Promise.race([sent, late]);
  } finally {
    clearTimeout(timer);
    sent.catch(() => undefined); // after the time limit nobody waits for it any more; the job is in the outbox
  }
}

/** A mandatory message that no queue takes is sent back first and confirmed after: the send itself resolves. */
async function send({ publisher, returned }: Line, messageId: string, { jobId, attempt }: WakeUp): Promise<Published> {
  await publisher.send({ routingKey: WAKE_UP_QUEUE, durable: true, mandatory: true, messageId }, { jobId, attempt });
  // The client tells of what was sent back one turn of the event loop later than of the confirm.
  await nextTurn();
  return returned.delete(messageId) ? 'unroutable' : 'confirmed';
}

function openLine(url: string, log: Log, onConnected: () => void): Line {
  const connection = new Connection({
    url,
    connectionName: 'sessionshot-server',
    retryLow: RECONNECT_MS.low,
    retryHigh: RECONNECT_MS.high,
    connectionTimeout: LIMITS.confirmMsMax,
    acquireTimeout: LIMITS.confirmMsMax,
    heartbeat: HEARTBEAT_SECONDS,
  });
  connection.on('error', (error) => log.warn('The connection to the broker was lost; it is opened again', { error }));
  connection.on('connection', onConnected);
  connection.on('connection.blocked', (reason) => log.warn('The broker blocks publishers', { reason }));
  const publisher = connection.createPublisher({ confirm: true, maxAttempts: 1, ...TOPOLOGY });
  const returned = new Set<string>();
  publisher.on('basic.return', (message) => {
    if (message.messageId) returned.add(message.messageId);
  });
  return { connection, publisher, returned, close: () => closeLine(connection, publisher) };
}

/** Closes in order, but never waits longer than a moment: a frozen broker does not answer a goodbye either. */
async function closeLine(connection: Connection, publisher: Publisher): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const given = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_MS_MAX);
  });
  const orderly = publisher.close().then(() => connection.close());
  try {
    await Promise.race([orderly, given]);
  } catch {
    // The line is going away: whether the goodbye arrived does not matter.
  } finally {
    clearTimeout(timer);
    orderly.catch(() => undefined); // as above, when it fails after the time limit
    connection.unsafeDestroy();
  }
}
