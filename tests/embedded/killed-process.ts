import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProcessRecord } from '#server/embedded/process-record.ts';

/** Starts a part in a process of its own; `kill` ends that process with SIGKILL and leaves the part as it is. */
export async function startElsewhere(
  part: 'postgres' | 'storage' | 'instance',
  folder: string,
): Promise<{ part: ProcessRecord; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run-part.ts'), part, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    part: JSON.parse(line),
    kill: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
