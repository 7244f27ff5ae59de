import { BlobServiceClient } from '@azure/storage-blob';
import pg from 'pg';
import { Connection } from 'rabbitmq-client';
import { expect, test } from 'vitest';
import { serviceAddress } from './service-address.ts';
import { testBlobContainer, testIdentityContainer } from './test-blob-store.ts';
import { createTestDatabase } from './test-database.ts';

test('a test database is empty, fresh and gone after drop', async () => {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query(
    "select count(*)::int as n, current_setting('server_version_num')::int as version from pg_class where relname = 'capture'",
  );
  expect(rows[0].n).toBe(0);
  expect(rows[0].version).toBeGreaterThanOrEqual(150_000);
  await client.end();
  await database.drop();
  const late = new pg.Client({ connectionString: database.url });
  await expect(late.connect()).rejects.toThrow(/does not exist/);
});

test('the broker takes a message with a confirm', async () => {
  const connection = new Connection(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'));
  const queue = await connection.queueDeclare({ exclusive: true, durable: true });
  const publisher = connection.createPublisher({ confirm: true });
  await publisher.send({ routingKey: queue.queue }, 'hello');
  await publisher.close();
  await connection.close();
});

test('blob storage works by connection string and by identity', async () => {
  const plain = testBlobContainer();
  const byKey = BlobServiceClient.fromConnectionString(plain.connectionString).getContainerClient(plain.container);
  await byKey.create();
  await byKey.getBlockBlobClient('a').uploadData(Buffer.from('x'));

  const identity = testIdentityContainer();
  const service = new BlobServiceClient(identity.accountUrl, identity.credential);
  await service.getContainerClient(identity.container).create();
  const key = await service.getUserDelegationKey(new Date(Date.now() - 60_000), new Date(Date.now() + 60_000));
  expect(key.value.length).toBeGreaterThan(10);
});
