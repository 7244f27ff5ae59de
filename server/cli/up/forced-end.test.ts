import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startChild } from '#server/embedded/child-process.ts';
import { createForcedEnd } from './forced-end.ts';

const folder = mkdtempSync(join(tmpdir(), 'sessionshot-forced-'));
afterAll(() => rmSync(folder, { recursive: true }));

function startSleeper() {
  return startChild({
    name: 'sleeper',
    command: process.execPath,
    args: ['-e', 'setInterval(() => undefined, 1000)'],
    env: {},
    cwd: folder,
    logFile: join(folder, 'sleeper.log'),
  });
}

test('a graceful stop that ends because its children were killed is no clean end', async () => {
  const child = await startSleeper();
  const end = createForcedEnd();
  // What a part does: it has closed when its child has gone.
  const settled = end.settle(
    child.exited.then(() => undefined),
    0,
  );
  end.force();
  expect(await settled).toBe(130);
  expect(child.exit()?.signal).toBe('SIGKILL');
});

test('a forced end does not wait for parts that never close', async () => {
  const end = createForcedEnd();
  const settled = end.settle(new Promise<never>(() => undefined), 0);
  end.force();
  end.force();
  expect(await settled).toBe(130);
});

test('a stop that nobody forced keeps its code', async () => {
  expect(await createForcedEnd().settle(Promise.resolve(), 69)).toBe(69);
});
