import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CaptureResult, capturePage } from '#runner/browser/capture-page.ts';
import { openTestBrowsers, type TestBrowsers } from '#runner/fixtures/test-browsers.ts';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { type CaptureRequestInput, captureRequestSchema } from '#shared/capture-request.ts';
import { parseTargetUrl } from '#shared/target-url.ts';
import { type RestlessSite, startRestlessSite } from './restless-site.ts';

/** The whole browser side of two runners, each with browsers, work folder and egress proxies of its own. */
let runners: TestBrowsers[] = [];
let site: RestlessSite;
let folder: string;
let domains: AllowedDomain[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sessionshot-reproducible-'));
  site = await startRestlessSite();
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, site.ca);
  domains = [{ host: site.host, port: site.port, isPrivate: true }];
  runners = [await openTestBrowsers({ extraCaFiles: [ca] }), await openTestBrowsers({ extraCaFiles: [ca] })];
});
afterAll(async () => {
  for (const runner of runners) await runner.close();
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

async function capture(runner: TestBrowsers, more: Partial<CaptureRequestInput>): Promise<CaptureResult> {
  const request = captureRequestSchema.parse({ url: `https://${site.host}:${site.port}/`, output: { format: 'png' }, ...more });
  const parsed = parseTargetUrl(request.url);
  if (!parsed.ok) throw new Error(parsed.message);
  const scope = { deadline: Date.now() + 60_000, signal: new AbortController().signal, log: runner.log, onStep: () => undefined };
  const lease = await runner.pool.acquire({ workspaceId: 'ws_1', domains, parts: null, tab: false }, scope);
  try {
    const payload = { request: { ...request, auth: {} }, target: parsed.target, auth: null, sealedAuth: null };
    return await capturePage({ lease, payload, auth: null, domains, spoolDir: folder, assetBytesMax: 50_000_000 }, scope);
  } finally {
    await lease.release();
  }
}

async function hashes(times: number, more: Partial<CaptureRequestInput>): Promise<string[]> {
  const found: string[] = [];
  // Both runners at the same time, as runners are: each then also feels the other's load.
  const each = async (runner: TestBrowsers) => {
    for (let run = 0; run < times; run++) {
      const result = await capture(runner, more);
      if (!result.ok) throw new Error(JSON.stringify(result.failure));
      found.push(result.sha256);
      if (process.env.SESSIONSHOT_KEEP_PICTURES)
        await writeFile(
          join(process.env.SESSIONSHOT_KEEP_PICTURES, `${found.length}-${result.sha256.slice(0, 6)}.${result.contentType.split('/')[1]}`),
          await readFile(result.file),
        );
      await rm(result.file);
    }
  };
  await Promise.all(runners.map(each));
  return found;
}

const PNG = { format: 'png', fullPage: true } as const;
const PDF = { format: 'pdf', pdf: { tagged: true, outline: true } } as const;

describe('a reproducible capture', () => {
  it('of a page in which nothing keeps still is the same picture in twenty runs on two runners', async () => {
    expect(new Set(await hashes(10, { reproducible: true, output: PNG }))).toHaveLength(1);
  }, 300_000);

  it('is the same PDF in twenty runs on two runners, tags and outline included', async () => {
    expect(new Set(await hashes(10, { reproducible: true, output: PDF }))).toHaveLength(1);
  }, 300_000);

  it('says what was held still, and nothing where it was not asked for', async () => {
    const [first] = runners;
    if (!first) throw new Error('no runner');
    const fixedIn = async (more: Partial<CaptureRequestInput>) => (await capture(first, more)).observed.controls?.reproducible?.fixed;
    const held = ['clock', 'timers', 'random', 'animations', 'images', 'videos', 'caret', 'motion', 'locale', 'timezone'];
    expect(await fixedIn({ reproducible: true })).toEqual(held);
    expect(await fixedIn({ reproducible: true, output: PDF })).toEqual([...held, 'pdf']);
    expect(await fixedIn({})).toBeUndefined();
  }, 120_000);

  it('differs from run to run when it is not asked for', async () => {
    expect(new Set(await hashes(1, { output: PNG }))).toHaveLength(2);
    expect(new Set(await hashes(1, { output: PDF }))).toHaveLength(2);
  });
});
