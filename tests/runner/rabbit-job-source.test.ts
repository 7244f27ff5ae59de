import { Connection } from 'rabbitmq-client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createControlPlane } from '#runner/control-plane.ts';
import { type ProtocolServer, startProtocolServer } from '#runner/fixtures/protocol-server.ts';
import { createRabbitJobSource } from '#runner/job-source/rabbit-job-source.ts';
import { createSlots } from '#runner/slots.ts';
import { createRabbitJobQueue } from '#server/adapters/rabbit-job-queue.ts';
import type { JobQueue } from '#server/domain/ports.ts';
import { makeId } from '#shared/ids.ts';
import { createLog } from '#shared/log.ts';
import { DEAD_LETTER_QUEUE, WAKE_UP_QUEUE } from '#shared/runner-protocol.ts';
import { secret } from '#shared/secret.ts';
import { serviceAddress } from '../services/service-address.ts';

const TOKEN = 'ss_run_0123456789abcdefghijklmnopqrstuv';
const HOUR_MS = 3_600_000;
const log = createLog('test', 'warn', () => undefined);
let broker: Connection;
let queue: JobQueue;
let server: ProtocolServer;

beforeAll(async () => {
  broker = new Connection({ url: serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'), acquireTimeout: 10_000 });
  await broker.onConnect(10_000);
  queue = createRabbitJobQueue(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_SERVER_URL'), log);
  await queue.announce({ jobId: makeId('job'), attempt: 0 });
});
beforeEach(async () => {
  server = await startProtocolServer(TOKEN);
  await broker.queuePurge({ queue: WAKE_UP_QUEUE });
});
afterEach(() => server.close());
afterAll(async () => {
  await queue.close();
  await broker.close();
});

const offer = () => server.offer({ sealed: 'a.b.c.d.e', captureId: makeId('capture'), workspaceId: makeId('workspace'), domains: [] });
const ready = async () => (await broker.queueDeclare({ queue: WAKE_UP_QUEUE, passive: true })).messageCount;

/** A source with the rights of a runner; its jobs end when the test says so. */
function startSource(slots: number, lookMs = HOUR_MS) {
  const stop = new AbortController();
  const running = new Map<string, () => void>();
  const taken: string[] = [];
  const control = createControlPlane({ serverUrl: server.url, token: secret(TOKEN), log });
  const source = createRabbitJobSource({
    url: secret(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_RUNNER_URL')),
    control,
    slots: createSlots(slots, log, () => Number.MAX_SAFE_INTEGER),
    log,
    lookMs,
  });
  const done = source.run(async ({ jobId }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    taken.push(jobId);
    running.set(jobId, resolve);
    await promise;
    running.delete(jobId);
  }, stop.signal);
  const end = async () => {
    stop.abort();
    for (const finish of running.values()) finish();
    await done;
  };
  return { stop, running, taken, done, end };
}

/** The first look at the server comes at once; a job must be offered after it to be found by its doorbell alone. */
const firstLook = () => expect.poll(() => server.calls.length, { timeout: 10_000 }).toBeGreaterThan(0);

test('a doorbell brings its job and does not ring again once the job is done', async () => {
  const source = startSource(2);
  await firstLook();
  const job = offer();
  await queue.announce({ jobId: job.claim.jobId, attempt: 1 });
  await expect.poll(() => source.taken, { timeout: 10_000 }).toEqual([job.claim.jobId]);
  expect(await ready()).toBe(0);
  source.stop.abort();
  source.running.get(job.claim.jobId)?.();
  await source.done;
  expect(await ready()).toBe(0);
});

test('no more is claimed than there are slots for, and the rest stays with the broker for others', async () => {
  const source = startSource(2);
  await firstLook();
  const jobs = Array.from({ length: 5 }, offer);
  for (const job of jobs) await queue.announce({ jobId: job.claim.jobId, attempt: 1 });
  await expect.poll(() => source.running.size, { timeout: 10_000 }).toBe(2);
  expect(await ready()).toBe(3);
  await source.end();
  await expect.poll(ready).toBe(3);
});

test('a doorbell whose job is gone, and a message that is none, are dropped and not dead-lettered', async () => {
  const source = startSource(1);
  await firstLook();
  await broker.queuePurge({ queue: DEAD_LETTER_QUEUE });
  const publisher = broker.createPublisher({ confirm: true });
  await publisher.send({ routingKey: WAKE_UP_QUEUE, durable: true }, 'nonsense');
  await publisher.close();
  await queue.announce({ jobId: makeId('job'), attempt: 1 });
  const job = offer();
  await queue.announce({ jobId: job.claim.jobId, attempt: 1 });
  await expect.poll(() => source.taken, { timeout: 10_000 }).toEqual([job.claim.jobId]);
  await source.end();
  expect(await ready()).toBe(0);
  expect((await broker.queueDeclare({ queue: DEAD_LETTER_QUEUE, passive: true })).messageCount).toBe(0);
});

test('a job whose doorbell was lost is found by the slow look', async () => {
  const source = startSource(1, 200);
  await firstLook();
  const job = offer();
  await expect.poll(() => source.taken, { timeout: 10_000 }).toEqual([job.claim.jobId]);
  await source.end();
});

test('a server that is away does not lose the doorbell', async () => {
  const source = startSource(1);
  await firstLook();
  server.breakNext(/claim$/, 503, 2);
  const job = offer();
  await queue.announce({ jobId: job.claim.jobId, attempt: 1 });
  await expect.poll(() => source.taken, { timeout: 15_000 }).toEqual([job.claim.jobId]);
  await source.end();
});

test('a runner may not declare, publish to or purge the queue', async () => {
  const runner = new Connection({ url: serviceAddress('SESSIONSHOT_TEST_RABBITMQ_RUNNER_URL'), acquireTimeout: 10_000 });
  runner.on('error', () => undefined);
  await runner.onConnect(10_000);
  await expect(runner.queueDeclare({ queue: 'another', durable: true })).rejects.toThrow(/ACCESS_REFUSED/);
  await runner.close();
});
