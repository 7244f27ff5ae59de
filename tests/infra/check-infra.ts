import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkCompose } from './check-compose.ts';
import { checkDockerfile } from './check-dockerfile.ts';
import { checkWallFile } from './check-wall-file.ts';

export const COMPOSE_FILE = 'docker-compose.yml';
export const WALL_FILE = 'infra/compose.second-wall.yml';

/** Holds the compose file and every Dockerfile below `root` against our rules, then asks docker-compose where there is one. */
export async function checkInfra(root: string): Promise<{ faults: string[]; notes: string[] }> {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const dockerfiles = readdirSync(join(root, 'infra')).filter((name) => name.endsWith('.Dockerfile'));
  const faults = [
    ...checkCompose(read(COMPOSE_FILE), root).map((fault) => `${COMPOSE_FILE}: ${fault}`),
    ...checkWallFile(read(WALL_FILE)).map((fault) => `${WALL_FILE}: ${fault}`),
    ...dockerfiles.flatMap((name) => checkDockerfile(read(join('infra', name)), root).map((fault) => `infra/${name}: ${fault}`)),
  ];
  const answer = (await runComposeConfig(root, COMPOSE_FILE)) || (await runComposeConfig(root, COMPOSE_FILE, WALL_FILE));
  if (answer === null) return { faults, notes: ['docker-compose is not installed: its own check of the file was left out'] };
  return { faults: answer === '' ? faults : [...faults, `docker-compose config: ${answer}`], notes: [] };
}

/** Lets docker-compose read the files as one, with made-up secrets. Answers its complaint, '' for none, null without the program. */
export async function runComposeConfig(root: string, file: string, ...more: string[]): Promise<string | null> {
  const secrets = [...readFileSync(join(root, file), 'utf8').matchAll(/\$\{(\w+):\?/g)].map((match) => [match[1], 'made-up']);
  const env = { PATH: process.env.PATH, HOME: root, ...Object.fromEntries(secrets) };
  try {
    await promisify(execFile)('docker-compose', [...[file, ...more].flatMap((each) => ['-f', each]), 'config', '-q'], {
      cwd: root,
      env,
      timeout: 30_000,
    });
    return '';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    return error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
  }
}
