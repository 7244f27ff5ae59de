import { Connection } from 'rabbitmq-client';
import { WAKE_UP_QUEUE } from '#shared/runner-protocol.ts';
import { serviceAddress } from '../services/service-address.ts';

/** Empties the queue of doorbells, past the proxy. */
export async function purgeWakeUps(): Promise<void> {
  await withBroker((broker) => broker.queuePurge({ queue: WAKE_UP_QUEUE }));
}

/** How many doorbells wait for a runner. Nothing is taken from the queue: that would count as a delivery. */
export async function countWakeUps(): Promise<number> {
  return (await withBroker((broker) => broker.queueDeclare({ queue: WAKE_UP_QUEUE, passive: true }))).messageCount;
}

async function withBroker<T>(use: (broker: Connection) => Promise<T>): Promise<T> {
  const broker = new Connection(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'));
  try {
    return await use(broker);
  } finally {
    await broker.close();
  }
}
