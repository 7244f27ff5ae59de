import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { EXIT, OperatorError } from './operator-error.ts';
import { PROJECT_ROOT } from './project-root.ts';

/** The pool's key pair: the server seals with the public half, only the runner is given the private one. */
export type RunnerKeyFiles = { publicFile: string; privateFile: string };

const KEYGEN_MS_MAX = 60_000;

/** Finds the key pair of a data folder; at first start the runner's own `keygen` makes it, so that the server never holds it. */
export async function prepareRunnerKeys(dataDir: string, path: string): Promise<RunnerKeyFiles> {
  const folder = keysFolder(dataDir);
  const files = { publicFile: join(folder, 'public.jwks.json'), privateFile: join(folder, 'private.jwks.json') };
  const has = [existsSync(files.publicFile), existsSync(files.privateFile)];
  if (has.every(Boolean)) return files;
  if (has.some(Boolean))
    throw new OperatorError(
      EXIT.configuration,
      'half_key_pair',
      `One half of the runner's key pair is missing in ${folder}.`,
      'Restore it; or delete both files: captures that wait then end as payload_unreadable.',
    );
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    await runKeygen(['--out', folder], path);
  } catch (cause) {
    throw new OperatorError(
      EXIT.unavailable,
      'keygen_failed',
      `The runner's key pair could not be made in ${folder}: ${lastLine(cause)}`,
      'Check that the data folder can be written; `sessionshot doctor` looks at it.',
      { cause },
    );
  }
  return files;
}

const changedSchema = z.object({ kid: z.string(), publicKids: z.array(z.string()), privateKids: z.array(z.string()) });
const complaintSchema = z.object({ event: z.literal('error'), message: z.string(), remedy: z.string() });
/** Ids of the keys after a change; `kid` is the one that servers seal to from now on. */
export type ChangedKeys = z.infer<typeof changedSchema>;

/** Where the keys of an instance on one machine lie. */
export function keysFolder(dataDir: string): string {
  return join(dataDir, 'keys');
}

/**
 * Changes the keys in a folder by the runner's own program: no private key comes into this process. Throws an `OperatorError`
 * with that program's exit code and words.
 */
export async function changeRunnerKeys(folder: string, change: readonly string[], path: string): Promise<ChangedKeys> {
  try {
    return changedSchema.parse(JSON.parse(await runKeygen(['--out', folder, ...change], path)));
  } catch (cause) {
    const said = cause instanceof Error && 'stdout' in cause ? readComplaint(String(cause.stdout)) : null;
    const exitCode = cause instanceof Error && 'code' in cause ? Object.values(EXIT).find((code) => code === cause.code) : undefined;
    throw new OperatorError(
      exitCode ?? EXIT.bug,
      'keys_not_changed',
      said?.message ?? `The keys in ${folder} could not be changed: ${lastLine(cause)}`,
      said?.remedy ?? 'Check that the folder can be written.',
      { cause },
    );
  }
}

function readComplaint(stdout: string): z.infer<typeof complaintSchema> | null {
  const line = stdout.split('\n').find((text) => text.startsWith('{"event":"error"'));
  return line === undefined ? null : complaintSchema.parse(JSON.parse(line));
}

async function runKeygen(args: readonly string[], path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(PROJECT_ROOT, 'runner', 'main.ts'), 'keygen', ...args], {
    env: { PATH: path },
    cwd: PROJECT_ROOT,
    timeout: KEYGEN_MS_MAX,
  });
  return stdout;
}

/** The last thing the program said on stderr: it holds no key, which goes to files only. */
function lastLine(cause: unknown): string {
  const text = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
  return text.trim().split('\n').at(-1) ?? '';
}
