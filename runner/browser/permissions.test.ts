import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CaptureRequestInput } from '#shared/capture-request.ts';
import { setTemporaryFolder } from '../config.ts';
import { makeAuthority } from '../fixtures/certificates.ts';
import { payloadOf } from '../fixtures/sealed.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { openTestBrowsers, type TestBrowsers } from '../fixtures/test-browsers.ts';
import { capturePage } from './capture-page.ts';
import type { HeldLease } from './launch/browser-pool.ts';

/** What a page is granted, and what it can leave on the runner's machine: nothing, whichever way its tab was made. */
const TABS = [
  { made: 'ahead', tab: true },
  { made: 'for the request', tab: false },
];
const PERMISSIONS = ['notifications', 'geolocation', 'camera', 'microphone', 'clipboard-read'];
const CANARY = 'canary-of-a-download-5c1e07';
const ASKS = `<h1 id="said"></h1><script>(async () => {
  const states = {};
  for (const name of ${JSON.stringify(PERMISSIONS)})
    states[name] = await navigator.permissions.query({ name }).then((status) => status.state, (error) => error.name);
  await fetch('/states?' + new URLSearchParams(states));
  said.textContent = 'asked: ' + JSON.stringify(states);
})();</script>`;
const LEAVES = `<h1>Report</h1><iframe src="/attached"></iframe>
<a id="named" href="/named" download="named.csv">one</a><a id="made" download="made.csv">another</a><script>
  made.href = URL.createObjectURL(new Blob(['${CANARY}']));
  named.click();
  made.click();
</script>`;

let base: string;
let browsers: TestBrowsers;
let site: Site;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'sessionshot-permissions-'));
  await chmod(base, 0o711);
  // Here the driver would keep downloads, as it does below the work folder of a runner. Under root the browser is another
  // user, who could not write there: it is as a user that this looks at our own refusal alone.
  setTemporaryFolder(base);
  const authority = await makeAuthority('Permissions CA');
  await writeFile(join(base, 'ca.pem'), authority.pem);
  site = await startSite(
    (request, response) => {
      const isFile = request.url === '/named' || request.url === '/attached';
      response.setHeader('cache-control', 'no-store').setHeader('content-type', isFile ? 'text/csv' : 'text/html');
      if (request.url === '/attached') response.setHeader('content-disposition', 'attachment; filename=attached.csv');
      response.end(isFile ? CANARY : request.url === '/leaves' ? LEAVES : ASKS);
    },
    await authority.issue(['localhost']),
  );
  browsers = await openTestBrowsers({ extraCaFiles: [join(base, 'ca.pem')] });
  await browsers.pool.warmUp();
});
afterAll(async () => {
  await browsers?.close();
  await site?.close();
  await rm(base, { recursive: true, force: true });
});

const domains = () => [{ host: 'localhost', port: site.port, isPrivate: true }];
const scope = () => ({ deadline: Date.now() + 25_000, signal: new AbortController().signal, log: browsers.log, onStep: () => undefined });

async function withLease<T>(tab: boolean, use: (lease: HeldLease) => Promise<T>): Promise<T> {
  const lease = await browsers.pool.acquire({ workspaceId: 'ws_1', domains: domains(), parts: null, tab }, scope());
  try {
    expect(lease.tab !== null).toBe(tab);
    return await use(lease);
  } finally {
    await lease.release();
  }
}

async function capture(lease: HeldLease, path: string, more: Partial<CaptureRequestInput> = {}): Promise<void> {
  const payload = payloadOf({ url: `https://localhost:${site.port}${path}`, output: { format: 'png' }, ...more }, domains());
  const result = await capturePage(
    { lease, payload, auth: null, domains: domains(), spoolDir: browsers.folder, assetBytesMax: 1_000_000 },
    scope(),
  );
  expect(result.ok ? 'ok' : result.failure.detail).toBe('ok');
}

/** What the last page said that it had been granted. */
function lastStates(): Record<string, string> {
  const told = site.requests.map(({ url }) => new URL(url ?? '/', 'https://localhost')).findLast(({ pathname }) => pathname === '/states');
  return Object.fromEntries(told?.searchParams ?? []);
}

/** Every file of the runner and of its browsers that holds what the site gives for download. */
async function downloads(folders = [...new Set([base, browsers.profiles])]): Promise<string[]> {
  const found: string[] = [];
  // A browser at work removes files and folders of its own while they are looked at.
  for (const folder of folders)
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) found.push(...(await downloads([path])));
      else if (entry.isFile() && (await readFile(path).catch(() => null))?.includes(CANARY)) found.push(path);
    }
  return found;
}

it.each(TABS)('grants a page nothing in a tab that was made $made', async ({ tab }) => {
  site.requests.length = 0;
  await withLease(tab, (lease) => capture(lease, '/asks', { expect: [{ text: 'asked: ' }] }));
  const states = lastStates();
  expect(Object.keys(states)).toEqual(PERMISSIONS);
  for (const state of Object.values(states)) expect(['denied', 'prompt']).toContain(state);
});

it('grants a page the place that the request gives, and nothing beside it', async () => {
  site.requests.length = 0;
  const geolocation = { latitude: 52.5, longitude: 13.4 };
  await withLease(false, (lease) => capture(lease, '/asks', { geolocation, expect: [{ text: 'asked: ' }] }));
  const { geolocation: place, ...others } = lastStates();
  expect(place).toBe('granted');
  expect(Object.values(others)).not.toContain('granted');
});

it.each(TABS)('keeps no file of a page that downloads, in a tab that was made $made', async ({ tab }) => {
  site.requests.length = 0;
  await withLease(tab, async (lease) => {
    // The rest gives the browser the time to write what it should not.
    await capture(lease, '/leaves', { delay: 500 });
    expect(site.requests.map(({ url }) => url)).toEqual(expect.arrayContaining(['/named', '/attached']));
    // While the tab is still there: with it the driver removes what it took.
    expect(await downloads()).toEqual([]);
  });
  expect(await downloads()).toEqual([]);
});

it('would find the files of a browser that takes downloads', async () => {
  const taken = join(base, 'taken');
  await mkdir(taken);
  await chmod(taken, 0o777); // as root the browser is another user
  await withLease(false, async (lease) => {
    const context = await lease.browser.newContext(lease.contextOptions);
    const page = await context.newPage();
    const { targetInfo } = await (await context.newCDPSession(page)).send('Target.getTargetInfo');
    const { browserContextId = '' } = targetInfo;
    const driver = await lease.browser.newBrowserCDPSession();
    await driver.send('Browser.setDownloadBehavior', { behavior: 'allow', browserContextId, downloadPath: taken });
    await page.goto(`https://localhost:${site.port}/leaves`);
    await expect
      .poll(async () => (await downloads()).toSorted())
      .toEqual(['attached.csv', 'made.csv', 'named.csv'].map((name) => join(taken, name)));
    await context.close();
  });
  await rm(taken, { recursive: true });
});
