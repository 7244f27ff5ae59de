import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readNameLookups } from './net-log.ts';

const NAMES = /[\w-]+\.canary\.invalid/;
const CONSTANTS = '{"constants":{"logEventTypes":{"HOST_RESOLVER_MANAGER_REQUEST":2,"URL_REQUEST_START_JOB":9}},\n"events": [';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sessionshot-netlog-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(...lines: string[]): Promise<string[] | null> {
  const file = join(folder, 'log.json');
  await writeFile(file, lines.join('\n'));
  return await readNameLookups(file, NAMES);
}

it('names what was looked up, each once, and not what was merely requested', async () => {
  const looked = '{"params":{"host":"https://stun.canary.invalid:443"},"type":2},';
  const requested = '{"params":{"url":"https://fetch.canary.invalid/"},"type":9},';
  expect(await read(CONSTANTS, looked, looked, requested)).toEqual(['stun.canary.invalid']);
  expect(await read(CONSTANTS, requested)).toEqual([]);
});

it('passes over a line that was cut off when the browser ended', async () => {
  expect(await read(CONSTANTS, '{"params":{"host":"a.canary.invalid"},"type":2},', '{"params":{"host":"b.canary.invalid"},"ty')).toEqual([
    'a.canary.invalid',
  ]);
});

it('knows nothing where there is no log, no table of events, or none of the names', async () => {
  expect(await readNameLookups(join(folder, 'none.json'), NAMES)).toBeNull();
  expect(await read('{"params":{"host":"a.canary.invalid"},"type":2},')).toBeNull();
  expect(await read(CONSTANTS, '{"params":{"host":"example.com"},"type":2},')).toBeNull();
});
