import { spawn } from 'node:child_process';

/** What one check found; `note` is shown beside a passed one. */
export type Outcome = { ok: boolean; output: string; note?: string };

const MS_MAX = 120_000;

/** Runs a Node program and keeps what it prints. Fails after two minutes: a check that hangs is a failed check. */
export async function runProgram(script: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: MS_MAX,
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk.toString('utf8');
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  return { ok: code === 0, output: code === null ? `${output}\nended by a signal (at most ${MS_MAX} ms)` : output };
}
