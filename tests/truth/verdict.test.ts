import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { LATE_WALLS } from './fixtures/late-walls.ts';
import { LONE_LOOK_ALIKES, LONE_WALLS } from './fixtures/verdict-lone.ts';
import { LOOK_ALIKES } from './fixtures/verdict-lookalikes.ts';
import { VALID_PAGES, type VerdictPage } from './fixtures/verdict-pages.ts';
import { REFUSALS } from './fixtures/verdict-refusals.ts';
import { NOTHINGS, STEP_LOOK_ALIKES, STEPS } from './fixtures/verdict-steps.ts';
import { WALLS } from './fixtures/verdict-walls.ts';

const APP = 'https://app.example.com';
const AUTH = { cookies: [{ name: 'session_id', value: 'canary-session-value', httpOnly: true }] };
const DOMAINS: AllowedDomain[] = ['app.example.com', 'sso.example.com', 'bi.example.org'].map((host) => ({
  host,
  port: null,
  isPrivate: false,
}));
const CAPTURED = [...VALID_PAGES, ...LOOK_ALIKES, ...STEP_LOOK_ALIKES, ...LONE_LOOK_ALIKES];
const REFUSED = [...WALLS, ...LATE_WALLS, ...REFUSALS, ...STEPS, ...NOTHINGS, ...LONE_WALLS];
const PAGES = [...CAPTURED, ...REFUSED];
let site: TestSite;
/** The page under test: two pages may both lead to `/login`. */
let current: VerdictPage | undefined;

beforeAll(async () => {
  site = await startTestSite(({ host, path }, response) => {
    const { pathname } = new URL(path, APP);
    if (pathname === '/hang-up') {
      response.destroy();
      return null;
    }
    if (pathname === current?.path) return current.answer;
    const more = current?.more ?? {};
    return more[pathname] ?? more[host + pathname] ?? html('<h1>Nothing here</h1>', { status: 404 });
  });
});
afterAll(() => site.close());

const capture = async (page: VerdictPage) => {
  current = page;
  const { auth, ...rest } = page.request ?? {};
  const before = await readdir(site.spoolDir);
  const result = await site.capture({ url: APP + page.path, ...rest, auth: { ...AUTH, ...auth } }, { domains: DOMAINS });
  const files = (await readdir(site.spoolDir)).filter((file) => !before.includes(file));
  return { result, files };
};

describe('T1: the verdict', () => {
  it('is held against enough pages of each kind, each at an address of its own', () => {
    expect(VALID_PAGES.length).toBeGreaterThanOrEqual(10);
    expect(WALLS.length).toBeGreaterThanOrEqual(24);
    expect(LOOK_ALIKES.length).toBeGreaterThanOrEqual(24);
    expect(new Set(PAGES.map(({ path }) => path)).size).toBe(PAGES.length);
  });

  it.each(CAPTURED)('captures $name ($path)', async (page) => {
    const { result, files } = await capture(page);
    expect(result.ok ? 'captured' : result.failure.detail).toBe('captured');
    expect(result.observed.verdict).toBe(page.verdict);
    expect(files).toHaveLength(1);
  });

  it.each(REFUSED)('refuses $name ($path) and leaves no picture', async (page) => {
    const { result, files } = await capture(page);
    expect(result).toMatchObject({ ok: false, failure: { code: page.code }, observed: { verdict: page.verdict } });
    expect(result.ok ? '' : result.failure.detail).toContain(page.says ?? '');
    expect(files).toEqual([]);
    expect(JSON.stringify(result)).not.toContain('canary-session-value');
  });

  it.each([...WALLS, ...STEPS, ...LONE_WALLS].filter((page) => !page.request && page.answer.status === undefined))(
    'without a session $name is a page like any other, where it stays on its host',
    async (page) => {
      current = page;
      const result = await site.capture({ url: APP + page.path }, { domains: DOMAINS });
      expect(result.ok ? result.observed.verdict : result.failure.code).toBe('unverified');
    },
  );
});
