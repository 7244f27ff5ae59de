import { Connection } from 'rabbitmq-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRabbitJobQueue } from '#server/adapters/rabbit-job-queue.ts';
import type { JobQueue } from '#server/domain/ports.ts';
import { makeId } from '#shared/ids.ts';
import { createLog } from '#shared/log.ts';
import { DEAD_LETTER_QUEUE, WAKE_UP_QUEUE } from '#shared/runner-protocol.ts';
import { serviceAddress } from '../services/service-address.ts';
import { createFreezableProxy } from './freezable-proxy.ts';

const logs: string[] = [];
const log = createLog('test', 'debug', (line) => logs.push(line));
let broker: Connection;
beforeAll(async () => {
  broker = new Connection({ url: serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'), acquireTimeout: 10_000 });
  await broker.onConnect(10_000);
});
afterAll(() => broker.close());

const wakeUp = () => ({ jobId: makeId('job'), attempt: 0 });
async function withQueue(url: string, use: (queue: JobQueue) => Promise<void>): Promise<void> {
  const queue = createRabbitJobQueue(url, log);
  try {
    await use(queue);
  } finally {
    await queue.close();
  }
}
async function refusal(call: Promise<void>): Promise<{ message: string; ms: number }> {
  const began = Date.now();
  const message = await call.then(
    () => 'announced',
    (error: Error) => error.message,
  );
  return { message, ms: Date.now() - began };
}

test('an announced job lies in a durable quorum queue with its dead-letter queue beside it', async () => {
  await withQueue(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'), async (queue) => {
    const first = wakeUp();
    await queue.announce(first);
    const message = await broker.basicGet({ queue: WAKE_UP_QUEUE, noAck: true });
    expect(message).toMatchObject({ body: first, durable: true });
    expect(await queue.health()).toBe('ok');
    await broker.queueDeclare({ queue: DEAD_LETTER_QUEUE, passive: true });
    await Promise.all(Array.from({ length: 200 }, () => queue.announce(wakeUp())));
    expect((await broker.queuePurge({ queue: WAKE_UP_QUEUE })).messageCount).toBe(200);
  });
});

test('a job that no queue took is not announced, and the queue is made again', async () => {
  await withQueue(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'), async (queue) => {
    await queue.announce(wakeUp());
    await broker.queueDelete({ queue: WAKE_UP_QUEUE });
    expect((await refusal(queue.announce(wakeUp()))).message).toContain('missing');
    await queue.announce(wakeUp());
    expect((await broker.queuePurge({ queue: WAKE_UP_QUEUE })).messageCount).toBe(1);
  });
});

test('a frozen broker costs five seconds a job and no more; a fresh connection is taken; afterwards it goes on', async () => {
  const url = new URL(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'));
  const proxy = await createFreezableProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  await withQueue(url.href, async (queue) => {
    await queue.announce(wakeUp());
    proxy.freeze();
    const before = proxy.accepted();
    const refused = await Promise.all([1, 2, 3].map(() => refusal(queue.announce(wakeUp()))));
    for (const { message, ms } of refused) {
      expect(message).toContain('did not confirm');
      expect(ms).toBeLessThan(6_000);
    }
    expect(await queue.health()).not.toBe('ok');
    await expect.poll(() => proxy.accepted()).toBeGreaterThan(before);
    proxy.thaw();
    proxy.cut();
    await expect.poll(() => refusal(queue.announce(wakeUp())).then(({ message }) => message), { timeout: 20_000 }).toBe('announced');
    expect(await queue.health()).toBe('ok');
  });
  await proxy.close();
  await broker.queuePurge({ queue: WAKE_UP_QUEUE });
});

test('a broker that is back is well before anything is announced to it', async () => {
  const url = new URL(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'));
  const proxy = await createFreezableProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  await withQueue(url.href, async (queue) => {
    await queue.announce(wakeUp());
    proxy.stop();
    await expect
      .poll(() => refusal(queue.announce(wakeUp())).then(({ message }) => message), { timeout: 20_000 })
      .toContain('did not confirm');
    expect(await queue.health()).not.toBe('ok');
    proxy.restart();
    await expect.poll(() => queue.health(), { timeout: 20_000 }).toBe('ok');
  });
  await proxy.close();
  await broker.queuePurge({ queue: WAKE_UP_QUEUE });
});

test('without a broker an announcement fails in its time, and closing does not hang', async () => {
  const proxy = await createFreezableProxy({ host: '127.0.0.1', port: 1 });
  await proxy.close();
  const began = Date.now();
  await withQueue(`amqp://user:very-secret@127.0.0.1:${proxy.port}`, async (queue) => {
    expect((await refusal(queue.announce(wakeUp()))).ms).toBeLessThan(6_000);
    expect(await queue.health()).toContain('not connected');
  });
  expect(Date.now() - began).toBeLessThan(10_000);
  expect(logs.join('')).not.toContain('very-secret');
});
