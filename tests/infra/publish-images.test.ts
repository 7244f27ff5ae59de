import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/**
 * No engine, registry or signature service is here: `docker` and `cosign` are stand-ins that write down how they were called.
 * What is shown is the script's own part: what it signs, and when it does not.
 */
const ROOT = join(import.meta.dirname, '../..');
const DIGESTS = { server: `sha256:${'a'.repeat(64)}`, runner: `sha256:${'b'.repeat(64)}` };
let folder: string;
let calls: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'publish-'));
  calls = join(folder, 'calls');
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'project'));
  cpSync(join(ROOT, 'infra'), join(folder, 'project/infra'), { recursive: true });
  writeFileSync(join(folder, 'project/package.json'), '{"version":"1.2.3"}');
  git('init', '-q');
  git('add', '-A');
  git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-qm', 'test: a project');
  standIn('cosign', 'true');
  standIn('docker', writesDigest(DIGESTS));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('both images are pushed with bill of materials and provenance, and signed by the digests that were pushed', () => {
  const { status, stdout, stderr } = publish('registry.example/acme');
  expect([status, stderr]).toEqual([0, '']);
  const [server, runner] = [
    `registry.example/acme/sessionshot-server@${DIGESTS.server}`,
    `registry.example/acme/sessionshot-runner@${DIGESTS.runner}`,
  ];
  expect(stdout.trim().split('\n')).toEqual([server, runner]);
  const called = heard();
  expect(called.filter((line) => line.startsWith('cosign'))).toEqual([`cosign sign --yes ${server}`, `cosign sign --yes ${runner}`]);
  const built = called.filter((line) => line.startsWith('docker'));
  expect(built).toHaveLength(2);
  for (const line of built) expect(line).toMatch(/--tag \S+:1\.2\.3 .*--provenance mode=max --sbom true --pull --push/);
});

test.each([
  ['a change that no commit has', () => writeFileSync(join(folder, 'project/new'), ''), 65],
  ['a builder that names no digest', () => standIn('docker', writesDigest({ server: '', runner: '' })), 70],
  ['a build that fails', () => standIn('docker', 'exit 1'), 1],
])('nothing is signed after %s', (_, change, status) => {
  change();
  expect(publish('registry.example/acme').status).toBe(status);
  expect(heard().filter((line) => line.startsWith('cosign'))).toEqual([]);
});

test.each([[], ['-x'], ['registry.example/acme; true'], ['registry.example/']])('%j is no place to publish to', (...args: string[]) => {
  expect(publish(...args).status).toBe(64);
  expect(heard()).toEqual([]);
});

function publish(...args: string[]) {
  const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder };
  return spawnSync('sh', [join(folder, 'project/infra/publish-images.sh'), ...args], { encoding: 'utf8', env, timeout: 30_000 });
}

function git(...args: string[]): void {
  const { status, stderr } = spawnSync('git', args, { cwd: join(folder, 'project'), encoding: 'utf8', timeout: 30_000 });
  if (status !== 0) throw new Error(stderr);
}

/** A program of this name that writes down its arguments, then does what `script` says. */
function standIn(name: string, script: string): void {
  const path = join(folder, 'bin', name);
  writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> '${calls}'\n${script}\n`);
  chmodSync(path, 0o755);
}

function writesDigest(digests: Record<'server' | 'runner', string>): string {
  return `while [ $# -gt 1 ]; do
  case $1 in --file) file=$2 ;; --metadata-file) to=$2 ;; esac
  shift
done
case $file in *server*) digest='${digests.server}' ;; *) digest='${digests.runner}' ;; esac
printf '{"containerimage.digest":"%s"}' "$digest" > "$to"`;
}

function heard(): string[] {
  return existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [];
}
