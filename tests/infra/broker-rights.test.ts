import { Connection } from 'rabbitmq-client';
import { afterEach, expect, test } from 'vitest';
import { createRabbitJobQueue } from '#server/adapters/rabbit-job-queue.ts';
import { makeId } from '#shared/ids.ts';
import { createLog } from '#shared/log.ts';
import { DEAD_LETTER_QUEUE, WAKE_UP_QUEUE } from '#shared/runner-protocol.ts';
import { serviceAddress } from '../services/service-address.ts';
import { openServiceLog } from '../services/service-log.ts';

const open: Connection[] = [];

function connect(url: string): Connection {
  const connection = new Connection({ url, retryLow: 100, acquireTimeout: 5000 });
  connection.on('error', () => undefined); // what is refused reaches the call that was refused
  open.push(connection);
  return connection;
}

const asServer = () => connect(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_SERVER_URL'));
const asRunner = () => connect(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_RUNNER_URL'));

afterEach(() => {
  for (const connection of open.splice(0)) connection.unsafeDestroy();
});

test('the rights of the server are enough to declare the topology and to ring', async () => {
  const url = serviceAddress('SESSIONSHOT_TEST_RABBITMQ_SERVER_URL');
  const queue = createRabbitJobQueue(url, createLog('test', 'error'));
  const jobId = makeId('job');
  await queue.announce({ jobId, attempt: 1 });
  await queue.close();

  // The rights of a runner are enough to hear it.
  const connection = asRunner();
  const heard = new Promise<unknown>((resolve) => {
    const consumer = connection.createConsumer({ queue: WAKE_UP_QUEUE, queueOptions: { passive: true } }, (message) => {
      if (message.body.jobId === jobId) resolve(message.body);
    });
    consumer.on('error', () => undefined); // the connection is taken away at the end of the test
  });
  expect(await heard).toEqual({ jobId, attempt: 1 });
});

test('a runner can neither ring the doorbell nor declare nor read another queue', async () => {
  const runner = asRunner();
  await asServer().queueDeclare({ queue: DEAD_LETTER_QUEUE, durable: true, arguments: { 'x-queue-type': 'quorum' } });
  const log = openServiceLog(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_LOG_FILE'));
  await expect(runner.queueDeclare({ queue: 'sessionshot.mine' })).rejects.toThrow(/ACCESS_REFUSED/);
  await expect(runner.basicGet(DEAD_LETTER_QUEUE)).rejects.toThrow(/ACCESS_REFUSED/);
  await expect(runner.queueDelete(WAKE_UP_QUEUE)).rejects.toThrow(/ACCESS_REFUSED/);
  await expect(runner.createPublisher({ confirm: true }).send({ routingKey: WAKE_UP_QUEUE }, 'x')).rejects.toThrow(/ACCESS_REFUSED/);
  // What the server cannot see, the broker has written down: who, what, and at which queue.
  const refused = (at: string) => new RegExp(`access_refused: access to ${at} in vhost '/' refused for user 'runner'`);
  await log.waitFor([
    refused("queue 'sessionshot\\.mine'"),
    refused(`queue '${DEAD_LETTER_QUEUE}'`),
    refused(`queue '${WAKE_UP_QUEUE}'`),
    refused("exchange 'amq\\.default'"),
  ]);
});

test('nobody else gets in: the broker’s well-known guest is not there', async () => {
  const url = new URL(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'));
  url.username = 'guest';
  url.password = 'guest';
  const log = openServiceLog(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_LOG_FILE'));
  await expect(connect(url.href).acquire()).rejects.toThrow();
  await log.waitFor([/login refused: user 'guest'/]);
});
