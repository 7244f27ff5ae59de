import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EXIT, OperatorError } from './operator-error.ts';
import { PROJECT_ROOT } from './project-root.ts';

/** The pool's key pair: the server seals with the public half, only the runner is given the private one. */
export type RunnerKeyFiles = { publicFile: string; privateFile: string };

const KEYGEN_MS_MAX = 60_000;

/** Finds the key pair of a data folder; at first start the runner's own `keygen` makes it, so that the server never holds it. */
export async function prepareRunnerKeys(dataDir: string, path: string): Promise<RunnerKeyFiles> {
  const folder = join(dataDir, 'keys');
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
    await promisify(execFile)(process.execPath, [join(PROJECT_ROOT, 'runner', 'main.ts'), 'keygen', '--out', folder], {
      env: { PATH: path },
      cwd: PROJECT_ROOT,
      timeout: KEYGEN_MS_MAX,
    });
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

/** The last thing the program said on stderr: it holds no key, which goes to files only. */
function lastLine(cause: unknown): string {
  const text = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
  return text.trim().split('\n').at(-1) ?? '';
}
