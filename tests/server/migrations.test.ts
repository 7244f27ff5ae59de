import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migrate } from '#server/db/migrate.ts';
import { openOrm } from '#server/db/orm.ts';
import { createTestDatabase } from '../services/test-database.ts';

const FOLDER = join(import.meta.dirname, '../../server/db/migrations');
const contents = () => readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]);

test('servers that start at once on an empty database make its schema once, and it is that of the entities', async () => {
  const before = contents();
  const database = await createTestDatabase();
  const servers = await Promise.all([1, 2, 3].map(() => openOrm(database.url)));
  await Promise.all(servers.map(migrate));
  const [first] = servers;
  expect(await first?.migrator.getPending()).toEqual([]);
  expect(await first?.migrator.checkSchema()).toBe(false);
  expect(await first?.schema.getUpdateSchemaSQL()).toBe('');
  await Promise.all(servers.map((orm) => orm.close(true)));
  await database.drop();
  expect(contents()).toEqual(before);
});
