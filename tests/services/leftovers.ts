import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcess, isAlive, type ProcessRecord, readStartStamp } from '#server/embedded/process-record.ts';

const RECORD = 'processes.json';

/** Writes down who started what in `folder`, so that a later run can clean up after one that was killed. */
export function recordProcesses(folder: string, pids: readonly number[]): void {
  const seen = [process.pid, ...pids].map((pid) => ({ pid, startStamp: readStartStamp(pid) }));
  writeFileSync(join(folder, RECORD), JSON.stringify(seen));
}

/** Ends what our dead runs recorded below `parent` and removes their folders. Runs that are alive are left alone. */
export async function sweepLeftovers(parent: string, prefix: string): Promise<void> {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(prefix))) {
    const folder = join(parent, name);
    if (statSync(folder).uid !== process.getuid?.() || !existsSync(join(folder, RECORD))) continue;
    const [owner, ...services]: ProcessRecord[] = JSON.parse(readFileSync(join(folder, RECORD), 'utf8'));
    if (owner === undefined || isAlive(owner)) continue;
    for (const service of services) await endProcess(service, [{ signal: 'SIGKILL', ms: 5000 }]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
