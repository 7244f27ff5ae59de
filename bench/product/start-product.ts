import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { runCommand, startProcess } from '#tests/e2e/start-process.ts';
import type { Role } from '../measure/cpu-meter.ts';

const START_MS_MAX = 180_000;
const STOP_MS_MAX = 60_000;
const recordSchema = z.object({
  pid: z.int(),
  children: z.object({ postgres: z.object({ pid: z.int() }), azurite: z.object({ pid: z.int() }), runner: z.object({ pid: z.int() }) }),
});

export type ProductOptions = { dataDir: string; caFile: string; temporary: string; concurrency: number | null };
export type Product = {
  apiUrl: string;
  /** From the start of the program to its `ready`. */
  startMs: number;
  roles: readonly Role[];
  cli(...args: string[]): Promise<{ stdout: string }>;
  close(): Promise<void>;
};

/**
 * Starts SessionShot as `npm start` does, every part real: PostgreSQL, Azurite, server, runner, browser. The data folder
 * may be of an earlier start: then its keys and domains are kept.
 */
export async function startProduct({ dataDir, caFile, temporary, concurrency }: ProductOptions): Promise<Product> {
  const isFirst = readdirSync(dataDir).length === 0;
  const slots = concurrency === null ? [] : ['--concurrency', String(concurrency)];
  const from = performance.now();
  const program = startProcess(
    'server/cli/main.ts',
    ['up', '--json', '--port', '0', '--no-open', '--data-dir', dataDir, '--log-level', 'warn', ...slots],
    { SESSIONSHOT_EXTRA_CA_FILE: caFile, TMPDIR: temporary },
  );
  const ready = await program.waitFor('ready', START_MS_MAX);
  const startMs = performance.now() - from;
  // The first start of all makes a capture of the demo by itself: it must be over before anything is measured.
  if (isFirst) await program.waitFor('capture', START_MS_MAX);
  const { pid, children } = recordSchema.parse(JSON.parse(readFileSync(join(dataDir, 'instance.json'), 'utf8')));
  return {
    apiUrl: String(ready.apiUrl),
    startMs,
    roles: [
      { name: 'browser', pid: children.runner.pid, part: 'below' },
      { name: 'runner', pid: children.runner.pid, part: 'self' },
      { name: 'server', pid, part: 'self' },
      { name: 'database', pid: children.postgres.pid, part: 'tree' },
      { name: 'storage', pid: children.azurite.pid, part: 'tree' },
    ],
    cli: async (...args) => {
      const result = await runCommand([...args, '--data-dir', dataDir]);
      if (result.code !== 0) throw new Error(`sessionshot ${args.join(' ')} ended with ${result.code}: ${result.stderr}`);
      return result;
    },
    close: async () => void (await program.stop('SIGTERM', STOP_MS_MAX)),
  };
}

/** Lets captures of the corpus in and makes one key for each client. */
export async function prepareProduct(product: Product, origin: string, keys: number): Promise<string[]> {
  await product.cli('domains', 'add', new URL(origin).host, '--private');
  const made: string[] = [];
  for (let index = 0; index < keys; index++) {
    const { stdout } = await product.cli('keys', 'create', `bench-${index}`, '--json');
    made.push(z.object({ key: z.string() }).parse(JSON.parse(stdout)).key);
  }
  return made;
}
