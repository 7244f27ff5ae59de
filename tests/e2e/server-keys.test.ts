import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coreFilterOf, coreLimitOf, environmentOf, readDescendants } from '../security/read-proc.ts';
import { filesOf, findInMemory } from './read-memory.ts';
import { type Distributed, startDistributed } from './start-distributed.ts';
import type { Started } from './start-process.ts';

/**
 * S11 in a distributed set-up: a server that was taken over opens nothing that is sealed already, because no private key is in
 * its memory, its environment, the files that it was given or those that it has open, before captures and after them. That it may
 * not read the key's file is the machine's to hold: in this test one user runs everything.
 */
let shop: Distributed;
let runner: Started;
beforeAll(async () => {
  shop = await startDistributed();
  runner = await shop.startRunner('one');
});
afterAll(() => shop?.close());

/** The private key as the file spells it and as OpenSSL keeps it, and the public one, which a server does hold. */
function pool() {
  const [key] = JSON.parse(readFileSync(join(shop.keysFolder, 'private.jwks.json'), 'utf8')).keys;
  const privateKey = { 'the private key as text': Buffer.from(key.d), 'the private key as bytes': Buffer.from(key.d, 'base64url') };
  return { privateKey, publicKey: { 'the public key': Buffer.from(key.x) } };
}
const treeOf = async ({ child }: Started): Promise<number[]> => {
  const pid = child.pid ?? 0;
  return [pid, ...(await readDescendants(pid)).map((proc) => proc.pid)];
};
async function remembered(started: Started, needles: Record<string, Buffer>): Promise<string[]> {
  const found = await Promise.all((await treeOf(started)).map((pid) => findInMemory(pid, needles)));
  return [...new Set(found.flat())].toSorted();
}

test('no private key is in the memory of a server, and the search finds one where it is: in a runner', async () => {
  const { privateKey, publicKey } = pool();
  const sealed = await shop.api.capture({
    url: `${shop.demo.origin}/`,
    auth: { storageState: shop.demo.storageState },
    output: { format: 'png' },
  });
  expect(sealed.error).toBeNull();
  for (const server of shop.servers) expect(await remembered(server, { ...privateKey, ...publicKey })).toEqual(['the public key']);
  expect(await remembered(runner, privateKey)).not.toEqual([]);
});

test('no private key is in the environment of a server, in what it was given by it, or in a file that it has open', async () => {
  const { privateKey } = pool();
  let given = 0;
  for (const server of shop.servers)
    for (const pid of await treeOf(server)) {
      const environment = (await environmentOf(pid)) ?? '';
      const named = environment.split('\n').flatMap((line) => /^\w+_FILE=(.+)$/.exec(line)?.[1] ?? []);
      given += named.length;
      const texts = [environment, readFileSync(`/proc/${pid}/cmdline`, 'utf8'), ...named.map((path) => readFileSync(path, 'utf8'))];
      for (const text of texts) for (const needle of Object.values(privateKey)) expect(text).not.toContain(needle.toString('latin1'));
      for (const text of texts) expect(text).not.toMatch(/"d"\s*:|private\.jwks\.json/);
      expect((await filesOf(pid)).filter((path) => path.startsWith(shop.keysFolder))).toEqual([]);
    }
  expect(given, 'servers were given files').toBeGreaterThanOrEqual(shop.servers.length);
});

test('no dump of a server could hold what it is sent before it is sealed', async () => {
  for (const server of shop.servers)
    for (const pid of await treeOf(server)) expect([await coreLimitOf(pid), await coreFilterOf(pid)]).toEqual(['0 0', 0]);
});
