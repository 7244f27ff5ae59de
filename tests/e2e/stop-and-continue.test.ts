import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type ApiAnswer, createApi } from './call-api.ts';
import { type Started, startProcess } from './start-process.ts';

// Ctrl-C and SIGTERM with captures running, and a kill -9: nothing accepted is lost, nothing is left behind. Three
// instances at a time: each waits for pages most of its time.
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const startUp = (dataDir: string) =>
  startProcess('server/cli/main.ts', ['up', '--json', '--port', '0', '--no-open', '--concurrency', '2', '--data-dir', dataDir]);

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sessionshot-stop-'));
  folders.push(folder);
  return folder;
}

function pidsOf(dataDir: string): number[] {
  const { pid, children } = JSON.parse(readFileSync(join(dataDir, 'instance.json'), 'utf8'));
  return [pid, ...Object.values<{ pid: number }>(children).map((child) => child.pid)];
}

const isGone = (pid: number) => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true; // ESRCH: no such process
  }
};

type Work = { up: Started; key: string; ids: string[]; post: () => Promise<ApiAnswer> };

/** Posts captures that take about so long each, more than the two slots can hold. */
async function startWithWork(dataDir: string, delay = 2000): Promise<Work> {
  const up = startUp(dataDir);
  const { url } = await up.waitFor('ready');
  const key = String((await up.waitFor('key')).key);
  await up.waitFor('capture');
  const api = createApi(String(url), key);
  const state = JSON.parse(readFileSync(join(dataDir, 'demo', 'demo-auth.json'), 'utf8'));
  const body = { url: `${state.origins[0].origin}/login`, delay, output: { format: 'png' } };
  const post = () => api.call('POST', '/api/captures', body);
  const posted = await Promise.all(Array.from({ length: 6 }, post));
  const ids = posted.map((answer) => answer.body.id);
  await expect.poll(async () => (await api.call('GET', '/api/captures?status=running')).body.data?.length, { timeout: 30_000 }).toBe(2);
  return { up, key, ids, post };
}

async function expectAllFinish(dataDir: string, work: Pick<Work, 'key' | 'ids'>): Promise<void> {
  const up = startUp(dataDir);
  const api = createApi(String((await up.waitFor('ready')).url), work.key);
  const captures = await Promise.all(work.ids.map((id) => api.follow(id)));
  expect(captures.map((capture) => capture.status)).toEqual(work.ids.map(() => 'succeeded'));
  expect(await up.stop()).toBe(0);
}

describe.concurrent('an instance with captures running', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s drains what runs, exits 0, leaves nothing running, and the next start goes on with the rest',
    async (signal) => {
      const dataDir = newFolder();
      const work = await startWithWork(dataDir);
      const pids = pidsOf(dataDir);
      expect(await work.up.stop(signal)).toBe(0);
      expect(work.up.events.at(-1)).toMatchObject({ event: 'stopped', code: 0 });
      expect(pids.filter((pid) => !isGone(pid))).toEqual([]);
      await expectAllFinish(dataDir, work);
    },
  );

  test('after a kill -9 the next start ends what was left and finishes every accepted capture', async () => {
    const dataDir = newFolder();
    const work = await startWithWork(dataDir);
    const pids = pidsOf(dataDir);
    await work.up.stop('SIGKILL');
    await expectAllFinish(dataDir, work);
    expect(pids.filter((pid) => !isGone(pid))).toEqual([]);
  });
});

// By itself: a pause of the machine as long as a capture would have it find nothing running.
test('`stop` says what it waits for; what is sent meanwhile is accepted, and done after the next start', async () => {
  const dataDir = newFolder();
  const work = await startWithWork(dataDir, 4000);
  const stop = startProcess('bin/sessionshot.mjs', ['stop', '--data-dir', dataDir]);
  await expect
    .poll(stop.stderr, { timeout: 30_000 })
    .toMatch(/^[12] captures? (is|are) running: waiting up to 20 s …\n\d captures? waits? for a slot/);
  const late = await work.post();
  expect([late.status, late.body.status]).toEqual([202, 'queued']);
  expect(await stop.exit).toBe(0);
  expect(stop.stderr()).toMatch(/\n✔ stopped \(pid \d+\)\.\n$/);
  expect(await work.up.exit).toBe(0);
  await expectAllFinish(dataDir, { ...work, ids: [...work.ids, late.body.id] });
});
