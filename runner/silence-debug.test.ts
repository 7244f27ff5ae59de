import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { readBrowserConfig } from './config.ts';
import { makeAuthority } from './fixtures/certificates.ts';
import { type ProtocolServer, startProtocolServer } from './fixtures/protocol-server.ts';
import { firstKey, sealJob } from './fixtures/sealed.ts';
import { type Site, startSite } from './fixtures/site.ts';
import { generateKeyPair } from './generate-key-pair.ts';

// Each start launches two browsers; a small machine may be busy with another test file.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 90_000 });

const TOKEN = 'ss_run_0123456789abcdefghijklmnopqrstuv';
const CANARY = 'canary-4d1e-cookie';
const browser = readBrowserConfig();
let folder: string;
let server: ProtocolServer;
let site: Site;
let publicKey: JWK & { kid: string };
let child: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sessionshot-debug-'));
  await chmod(folder, 0o711); // started as root, the runner's browser is another user and must pass
  const authority = await makeAuthority('Test CA');
  await writeFile(join(folder, 'ca.pem'), authority.pem);
  publicKey = await firstKey((await generateKeyPair(join(folder, 'keys'))).publicKeysFile);
  server = await startProtocolServer(TOKEN);
  site = await startSite(
    (request, response) => {
      const isSignedIn = request.headers.cookie?.includes(CANARY);
      response.setHeader('content-type', 'text/html').end(isSignedIn ? '<h1 id="user">Signed in</h1>' : '<input type="password">');
    },
    await authority.issue(['localhost']),
  );
});
afterEach(() => child?.kill('SIGKILL'));
afterAll(async () => {
  await site?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Starts a runner with these switches, lets it make one capture with the canary as its cookie, and stops it. */
async function capture(switches: Record<string, string>): Promise<{ calls: string[]; stderr: string }> {
  const env = {
    ...browser.environment,
    SESSIONSHOT_SERVER_URL: server.url,
    SESSIONSHOT_RUNNER_TOKEN: TOKEN,
    SESSIONSHOT_RUNNER_KEY_FILE: join(folder, 'keys', 'private.jwks.json'),
    SESSIONSHOT_EXTRA_CA_FILE: join(folder, 'ca.pem'),
    SESSIONSHOT_WORK_DIR: join(folder, 'work'),
    SESSIONSHOT_CONCURRENCY: '1',
    ...(browser.explicitPath ? { SESSIONSHOT_BROWSER: browser.explicitPath } : {}),
    ...switches,
  };
  const runner = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  child = runner;
  const ended = once(runner, 'close');
  let [stdout, stderr] = ['', ''];
  runner.stdout.on('data', (data) => {
    stdout += data;
  });
  runner.stderr.on('data', (data) => {
    stderr += data;
  });
  await expect.poll(() => stdout, { timeout: 60_000 }).toContain('"event":"ready"');
  const url = `https://localhost:${site.port}/`;
  const auth = { cookies: [{ name: 'sid', value: CANARY }], verify: { selector: '#user' } };
  const domains = [{ host: 'localhost', port: site.port, isPrivate: true }];
  const job = server.offer(await sealJob(publicKey, { url, auth, output: { format: 'png' } }, domains));
  await server.until(() => job.reports.length > 0);
  runner.kill('SIGTERM');
  await ended;
  return { calls: job.reports.map(({ call }) => call), stderr };
}

it('Playwright itself obeys its switches: they are the ones that a runner has to be without', () => {
  const script = `require('playwright').chromium.launch({ executablePath: '/does/not/exist' }).catch(() => undefined)`;
  const start = (env: Record<string, string>) =>
    execFileSync('sh', ['-c', '"$0" -e "$1" 2>&1', process.execPath, script], {
      cwd: join(import.meta.dirname, '..'),
      env: { PATH: browser.searchPath, ...env },
      encoding: 'utf8',
    });
  expect(start({ DEBUG: 'pw:*' })).toContain('pw:');
  expect(start({ DEBUG: 'pw:*', DEBUG_FILE: join(folder, 'shown') })).not.toContain('pw:');
  expect(existsSync(join(folder, 'shown'))).toBe(true);
  expect(start({})).not.toContain('pw:');
});

it.each<[names: string, switches: Record<string, string>]>([
  ['DEBUG, PWDEBUG', { DEBUG: 'pw:*', PWDEBUG: '1' }],
  ['DEBUG, DEBUG_FILE', { DEBUG: '*', DEBUG_FILE: 'to be named' }],
])('a runner started with %s makes its capture, writes nothing of Playwright, and says what it passed over', async (names, switches) => {
  const debugFile = join(folder, 'debug.txt');
  const { calls, stderr } = await capture(switches.DEBUG_FILE ? { ...switches, DEBUG_FILE: debugFile } : switches);
  expect(calls).toEqual(['complete']);
  expect(stderr).not.toContain('pw:');
  expect(stderr).not.toContain(CANARY);
  expect(existsSync(debugFile)).toBe(false);
  const warnings = stderr.split('\n').filter((line) => line.includes('debug switches are passed over'));
  expect(warnings.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ level: 'warn', part: 'runner', reason: names })]);
});
