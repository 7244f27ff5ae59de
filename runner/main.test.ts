import { type ChildProcess, spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JWK } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { readBrowserConfig } from './config.ts';
import { makeAuthority } from './fixtures/certificates.ts';
import { type ProtocolServer, startProtocolServer } from './fixtures/protocol-server.ts';
import { firstKey, sealJob } from './fixtures/sealed.ts';
import { type Site, startSite } from './fixtures/site.ts';
import { generateKeyPair } from './generate-key-pair.ts';

// Each start launches two browsers; a small machine may be busy with another test file.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const TOKEN = 'ss_run_0123456789abcdefghijklmnopqrstuv';
const CANARY = 'canary-7f3a-cookie';
const STRANGER = 'stranger.example.com';
let folder: string;
let server: ProtocolServer;
let site: Site;
let publicKey: JWK & { kid: string };
let domains: AllowedDomain[];
const started: Started[] = [];
const browser = readBrowserConfig();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sessionshot-main-'));
  await chmod(folder, 0o711);
  const authority = await makeAuthority('Test CA');
  await writeFile(join(folder, 'ca.pem'), authority.pem);
  const keys = await generateKeyPair(join(folder, 'keys'));
  publicKey = await firstKey(keys.publicKeysFile);
  server = await startProtocolServer(TOKEN);
  site = await startSite(
    (request, response) => {
      if (request.url === '/slow') return; // never answers
      if (request.url === '/spin')
        return void response.setHeader('content-type', 'text/html').end('<p>spins</p><script>for (;;);</script>');
      const isSignedIn = request.headers.cookie?.includes(CANARY);
      response.setHeader('content-type', 'text/html');
      response.end(isSignedIn ? `<h1 id="user">Signed in</h1><img src="https://${STRANGER}/">` : '<form><input type="password"></form>');
    },
    await authority.issue(['localhost']),
  );
  domains = [{ host: 'localhost', port: site.port, isPrivate: true }];
});
afterEach(async () => {
  for (const runner of started.splice(0))
    if (runner.child.exitCode === null && runner.child.signalCode === null) runner.child.kill('SIGKILL');
});
afterAll(async () => {
  await site?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

type Started = { child: ChildProcess; ready: Promise<Record<string, unknown>>; exit: Promise<number | null>; output: () => string };

function start(more: Record<string, string> = {}): Started {
  const env = {
    ...browser.environment,
    SESSIONSHOT_SERVER_URL: server.url,
    SESSIONSHOT_RUNNER_TOKEN: TOKEN,
    SESSIONSHOT_RUNNER_KEY_FILE: join(folder, 'keys', 'private.jwks.json'),
    SESSIONSHOT_EXTRA_CA_FILE: join(folder, 'ca.pem'),
    SESSIONSHOT_WORK_DIR: join(folder, 'work'),
    SESSIONSHOT_CONCURRENCY: '2',
    ...(browser.explicitPath ? { SESSIONSHOT_BROWSER: browser.explicitPath } : {}),
    ...more,
  };
  const child = spawn(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url))], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  const { promise: ready, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
  child.stderr.on('data', (data) => {
    output += data;
  });
  child.stdout.on('data', (data) => {
    output += data;
    const line = String(data)
      .split('\n')
      .find((text) => text.startsWith('{"event"'));
    if (line) resolve(JSON.parse(line));
  });
  const exit = once(child, 'exit').then(([code]) => code);
  exit.then(() => reject(new Error(output)), reject);
  ready.catch(() => undefined);
  const runner = { child, ready, exit, output: () => output };
  started.push(runner);
  return runner;
}

const offer = async (path: string, more: object = {}, parts: AllowedDomain[] | null = null) =>
  server.offer({
    ...(await sealJob(
      publicKey,
      {
        url: `https://localhost:${site.port}${path}`,
        auth: { cookies: [{ name: 'sid', value: CANARY }], verify: { selector: '#user' } },
        output: { format: 'png' },
        ...more,
      },
      domains,
    )),
    parts,
  });

describe('a running runner', () => {
  let shared: Started;
  beforeAll(async () => {
    shared = start();
    started.pop(); // kept for all tests of this block
    await shared.ready;
  });
  afterAll(async () => {
    shared.child.kill('SIGTERM');
    await shared.exit;
  });

  it('reports a broken session as a login wall and stores nothing', async () => {
    const job = await offer('/', { auth: { cookies: [{ name: 'sid', value: 'spent' }], verify: { selector: '#user' } } });
    await server.until(() => job.reports.length > 0);
    expect(job.reports).toMatchObject([{ call: 'fail', body: { failure: { code: 'login_wall' } } }]);
    expect(job.blob).toBeNull();
  });

  it('names in the receipt what it could not apply of a sealed auth state', async () => {
    const job = await offer('/', { auth: { sealed: 'eyJhbGciOiJFQ0RILUVTIn0..bm9uY2U.Y2lwaGVy.dGFn' } });
    await server.until(() => job.reports.length > 0);
    const rejected = [{ name: 'auth.sealed', reason: expect.stringContaining('cannot be opened') }];
    expect(job.reports).toMatchObject([{ body: { failure: { code: 'auth_not_applied' }, observed: { auth: { rejected } } } }]);
  });

  it('stops a canceled capture within seconds and gives the attempt back', async () => {
    const job = await offer('/slow');
    await server.until(() => job.steps.includes('navigate'));
    const canceledAt = Date.now();
    job.isCanceled = true;
    // The server holds heartbeats; a real one answers at once on cancel, this one at its next look.
    server.offer(await sealJob(publicKey, { url: `https://localhost:${site.port}/`, output: { format: 'png' } }, domains));
    await server.until(() => job.reports.length > 0);
    expect(job.reports.map((report) => report.call)).toEqual(['release']);
    expect(Date.now() - canceledAt).toBeLessThan(8000);
  });

  it('says nothing more about a job whose lease it lost', async () => {
    const job = await offer('/slow');
    await server.until(() => job.steps.includes('navigate'));
    job.isLost = true;
    const next = await offer('/');
    await server.until(() => next.reports.length > 0);
    expect(job.reports).toEqual([]);
  });

  it('gives its browser an environment that holds no secret', async () => {
    const job = await offer('/slow');
    await server.until(() => job.steps.includes('navigate'));
    const environments = await browserEnvironments(shared.child.pid ?? 0);
    expect(environments.length).toBeGreaterThan(0);
    for (const environment of environments) {
      expect(environment).not.toMatch(/ss_run_|RUNNER_TOKEN|RUNNER_KEY|SERVER_URL|RABBITMQ/);
      expect(environment).toMatch(/HOME=\S*\/home\/\w{6}\b/);
    }
    job.isCanceled = true;
  });

  it('reports a browser that died as such, and takes the next job with another', async () => {
    const job = await offer('/slow');
    await server.until(() => job.steps.includes('navigate'));
    for (const browserGroup of await childrenOf(shared.child.pid ?? 0)) process.kill(-browserGroup, 'SIGKILL');
    await server.until(() => job.reports.length > 0);
    expect(job.reports).toMatchObject([{ call: 'fail', body: { failure: { code: 'browser_crashed' } } }]);
    const next = await offer('/');
    await server.until(() => next.reports.length > 0);
    expect(next.reports.map((report) => report.call)).toEqual(['complete']);
  });
});

describe('the life of a runner', () => {
  it('finds out at its start what a killed runner left behind, and removes it', async () => {
    const killed = start();
    await killed.ready;
    const job = await offer('/slow');
    await server.until(() => job.steps.includes('navigate'));
    killed.child.kill('SIGKILL');
    await killed.exit;
    expect(await readdir(join(folder, 'work'))).not.toEqual([]);
    const next = start();
    await next.ready;
    expect(await readdir(join(folder, 'work'))).toHaveLength(1);
    next.child.kill('SIGTERM');
    expect(await next.exit).toBe(0);
    expect(await readdir(join(folder, 'work'))).toEqual([]);
  });

  it('claims a job, opens it, captures the signed-in page with what is listed, stores it once and reports; then drains and leaves nothing behind', async () => {
    const runner = start();
    expect(await runner.ready).toMatchObject({ event: 'ready', slots: 2, sandbox: 'on' });
    // Long enough to be followed: an ordinary capture is over before a second call would tell of its steps.
    const job = await offer('/?token=canary-query', { actions: [{ type: 'waitForTimeout', ms: 1200 }] }, []);
    await server.until(() => job.reports.length > 0);
    const [run = ''] = await readdir(join(folder, 'work')); // the runner goes on: its result is off the disk all the same
    await expect.poll(() => readdir(join(folder, 'work', run, 'spool'))).toEqual([]);
    expect(job.claimed).toMatchObject({ strictEgress: true });
    expect(job.reports).toMatchObject([
      {
        call: 'complete',
        body: { asset: { contentType: 'image/png', width: 1280, height: 720 }, observed: { verdict: 'authenticated', httpStatus: 200 } },
      },
    ]);
    expect(job.blob?.subarray(1, 4).toString()).toBe('PNG');
    expect(job.reports[0]?.body).toMatchObject({
      asset: { sha256: hash('sha256', job.blob ?? '') },
      observed: {
        egress: { hosts: ['localhost'], blocked: [{ host: STRANGER, reason: 'not listed' }] },
        timings: { store: expect.any(Number) },
      },
    });
    expect(job.steps).toContain('actions');
    expect(job.steps.length).toBeGreaterThan(1);
    runner.child.kill('SIGTERM');
    expect(await runner.exit).toBe(0);
    expect(await readdir(join(folder, 'work'))).toEqual([]);
    expect(runner.output()).not.toContain('canary');
    expect(runner.output()).not.toContain(TOKEN);
  });

  it('gives unfinished attempts back when the drain is over, and exits 0', async () => {
    const runner = start({ SESSIONSHOT_DRAIN_MS: '300' });
    await runner.ready;
    const job = await offer('/slow');
    await server.until(() => job.steps.includes('navigate'));
    runner.child.kill('SIGTERM');
    expect(await runner.exit).toBe(0);
    expect(job.reports.map((report) => report.call)).toEqual(['release']);
  });

  it('ends at once at the second signal', async () => {
    const runner = start();
    await runner.ready;
    const job = await offer('/slow');
    await server.until(() => job.steps.includes('navigate'));
    runner.child.kill('SIGTERM');
    const second = setInterval(() => runner.child.kill('SIGINT'), 100);
    const exit = await runner.exit;
    clearInterval(second);
    expect(exit).toBe(130);
  });

  it('ends when its parent is gone', async () => {
    const runner = start({ SESSIONSHOT_PARENT_STDIN: '1' });
    await runner.ready;
    runner.child.stdin?.end();
    expect(await runner.exit).toBe(0);
  });

  it('names the variable and the remedy when it is not configured', async () => {
    const runner = start({ SESSIONSHOT_RUNNER_TOKEN: 'nonsense' });
    expect(await runner.exit).toBe(78);
    expect(runner.output()).toMatch(/SESSIONSHOT_RUNNER_TOKEN is not a runner token.*sessionshot runner token NAME/s);
  });

  it('ends a page that spins for ever at its deadline, and has its slot free soon after', async () => {
    const runner = start({ SESSIONSHOT_CONCURRENCY: '1' });
    await runner.ready;
    const job = await offer('/spin', { timeouts: { total: 3000 } });
    await server.until(() => job.steps.length > 0);
    const startedAt = Date.now();
    await server.until(() => job.reports.length > 0);
    expect(Date.now() - startedAt).toBeLessThan(3000 + 6000);
    expect(job.reports).toMatchObject([
      { call: 'fail', body: { failure: { code: expect.stringMatching(/total_timeout|navigation_timeout|browser_crashed/) } } },
    ]);
    const next = await offer('/');
    await server.until(() => next.reports.length > 0);
    expect(next.reports.map((report) => report.call)).toEqual(['complete']);
  });
});

/** The environments of the children of a process: of the launcher, which becomes the browser or stays in front of it. */
async function browserEnvironments(parent: number): Promise<string[]> {
  return await Promise.all(
    (await childrenOf(parent)).map(async (pid) => (await readFile(`/proc/${pid}/environ`, 'utf8')).replaceAll('\0', ' ')),
  );
}

async function childrenOf(parent: number): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent) found.push(Number(name));
  }
  return found;
}
