import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

it('sessions that the README writes into files are ignored by git', async () => {
  const readme = await readFile('README.md', 'utf8');
  const written = [...readme.matchAll(/demo auth > (\S+)/g)].map(([, file]) => `/${file}`);
  const ignored = (await readFile('.gitignore', 'utf8')).split('\n');
  expect(written).not.toEqual([]);
  expect(written.filter((file) => !ignored.includes(file))).toEqual([]);
});
