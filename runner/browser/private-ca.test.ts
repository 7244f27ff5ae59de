import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { makeAuthority } from '../fixtures/certificates.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { openTestBrowsers, type TestBrowsers } from '../fixtures/test-browsers.ts';
import { CertificateStoreError } from './launch/browser-home.ts';
import type { HeldLease } from './launch/browser-pool.ts';

let folder: string;
let browsers: TestBrowsers;
let lease: HeldLease;
const sites: Record<string, Site> = {};
const domains: AllowedDomain[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sessionshot-ca-'));
  const [demo, corporate, stranger] = [
    await makeAuthority('Demo CA'),
    await makeAuthority('Corporate CA'),
    await makeAuthority('Stranger CA'),
  ];
  const bundle = join(folder, 'bundle.pem');
  await writeFile(bundle, `# two authorities in one file\n${demo.pem}${corporate.pem}`);
  const page = startSite.bind(null, (_request, response) => void response.end('<h1>hello</h1>'));
  sites.demo = await page(await demo.issue(['localhost']));
  sites.corporate = await page(await corporate.issue(['localhost']));
  sites.wrongName = await page(await demo.issue(['other.example']));
  sites.stranger = await page(await stranger.issue(['localhost']));
  for (const site of Object.values(sites)) domains.push({ host: 'localhost', port: site.port, isPrivate: true });
  browsers = await openTestBrowsers({ extraCaFiles: [bundle] });
  lease = await browsers.pool.acquire(
    { workspaceId: 'ws_1', domains: domains, parts: null, tab: false },
    {
      deadline: Date.now() + 60_000,
      signal: new AbortController().signal,
      log: browsers.log,
      onStep: () => undefined,
    },
  );
});
afterAll(async () => {
  await lease?.release();
  await browsers?.close();
  for (const site of Object.values(sites)) await site.close();
  await rm(folder, { recursive: true, force: true });
});

async function visit(name: string): Promise<string> {
  const context = await lease.browser.newContext(lease.contextOptions);
  try {
    const response = await (await context.newPage()).goto(`https://localhost:${sites[name]?.port}/`);
    return String(response?.status());
  } catch (error) {
    return /net::\w+/.exec(String(error))?.[0] ?? String(error);
  } finally {
    await context.close();
  }
}

it('loads sites whose certificates a given CA signed, each of a bundle', async () => {
  expect(await visit('demo')).toBe('200');
  expect(await visit('corporate')).toBe('200');
});

it('refuses a certificate of a given CA under a wrong name', async () => {
  expect(await visit('wrongName')).toBe('net::ERR_CERT_COMMON_NAME_INVALID');
  expect(sites.wrongName?.requests).toHaveLength(0);
});

it('refuses a certificate of any other unknown CA', async () => {
  expect(await visit('stranger')).toBe('net::ERR_CERT_AUTHORITY_INVALID');
  expect(sites.stranger?.requests).toHaveLength(0);
});

it('trusts no private CA where none was given', async () => {
  const plain = await openTestBrowsers();
  try {
    const other = await plain.pool.acquire(
      { workspaceId: 'ws_1', domains: domains, parts: null, tab: false },
      {
        deadline: Date.now() + 60_000,
        signal: new AbortController().signal,
        log: plain.log,
        onStep: () => undefined,
      },
    );
    const context = await other.browser.newContext(other.contextOptions);
    await expect((await context.newPage()).goto(`https://localhost:${sites.demo?.port}/`)).rejects.toThrow(/ERR_CERT_AUTHORITY_INVALID/);
    await context.close();
    await other.release();
  } finally {
    await plain.close();
  }
});

it('says which CA file cannot be used', async () => {
  const empty = join(folder, 'empty.pem');
  await writeFile(empty, 'not a certificate');
  await expect(openTestBrowsers({ extraCaFiles: [empty] })).rejects.toThrow(CertificateStoreError);
  await expect(openTestBrowsers({ extraCaFiles: [join(folder, 'missing.pem')] })).rejects.toThrow(/missing\.pem cannot be read/);
});
