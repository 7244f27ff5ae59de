import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Log } from './log.ts';

const FILTER = '/proc/self/coredump_filter';
const PRLIMIT_MS_MAX = 5000;

/**
 * Switches core dumps off for this process and everything it starts: a dump would hold keys, opened payloads and
 * pages, or what a server is sent before it is sealed. The limit stops dumps into files; the filter leaves all memory out of those that a program takes
 * by pipe, for which the kernel ignores the limit. Only Linux can be told; says in the log what could not be had.
 */
export async function forbidCoreDumps(log: Log): Promise<void> {
  if (process.platform !== 'linux') return;
  const faults: unknown[] = [];
  await writeFile(FILTER, '0').catch((error: unknown) => faults.push(error));
  // Node has no call for it. Both the limit that holds and the one up to which it may be raised.
  await promisify(execFile)('prlimit', ['--pid', String(process.pid), '--core=0:0'], { timeout: PRLIMIT_MS_MAX }).catch((error: unknown) =>
    faults.push(error),
  );
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  if (faults.length > 0 || !/^Max core file size\s+0\s+0\s/m.test(limits))
    log.warn('core dumps are not wholly off: set the limit where it is started (ulimit -c 0)', { error: faults[0] });
}
