import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Started, startProcess } from '../e2e/start-process.ts';

/** A folder for an embedded instance, and the way to start one on it; all that was started is ended, the folder removed. */
export async function withInstances<T>(use: (start: (...more: string[]) => Started, folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sessionshot-drill-instance-'));
  const started: Started[] = [];
  const start = (...more: string[]) => {
    const up = startProcess('server/cli/main.ts', ['up', '--json', '--no-open', '--data-dir', folder, ...more]);
    started.push(up);
    return up;
  };
  try {
    return await use(start, folder);
  } finally {
    await Promise.all(started.map((up) => up.stop('SIGTERM').catch(() => up.stop('SIGKILL'))));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
