import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
const AUTH = { cookies: [{ name: 'session_id', value: 'v', httpOnly: true }] };
const PAGES: Record<string, string> = {
  '/good/report': '<title>Quarterly report</title><button id="menu">AB</button><h1>Quarterly report</h1>',
  '/wall/same-address':
    '<title>Acme</title><h1>Welcome</h1><form><input name="email" type="email"><input type="password"><button>Sign in</button></form>',
  '/denied': '<title>Access denied</title><h1>Access denied</h1>',
};
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    const url = new URL(path, APP);
    const page = PAGES[url.pathname];
    if (page) return html(page);
    const status = /^\/status\/(\d+)$/.exec(url.pathname)?.[1];
    return status
      ? html(`<h1>Status</h1>`, { status: Number(status) })
      : html('<h1>Sign in</h1><form><input name="user"><input type="password"><button>Sign in</button></form>');
  });
});
afterAll(() => site.close());

describe('frames', () => {
  const form = `<title>Sign in</title><form><h2>Sign in</h2><input name="email" type="email"><input type="password"><button>Sign in</button></form>`;
  const frame = (src: string, width: number, height: number) =>
    `<iframe src="${src}" style="width:${width}px;height:${height}px;border:0"></iframe>`;
  const pages: Record<string, string> = {
    '/form': form,
    '/data': '<h2>Sales</h2><table><tr><td>1</td><td>2</td></tr></table>',
    '/four': `<h1>Board</h1>${frame('/form', 600, 290).repeat(4)}`,
    '/one-of-four': `<h1>Board</h1>${frame('/form', 600, 290)}${frame('/data', 600, 290).repeat(3)}`,
    '/own-library': `<h1>Board</h1>${frame('/broken', 300, 290)}`,
    '/broken': `<script>Document.prototype.querySelectorAll = () => { throw new Error('own'); };</script><p>Chat</p>`,
    // At another site it has a process of its own, and the page around it goes on.
    '/silent': `<h1>Board</h1>${frame('https://bi.example.org/busy', 1200, 600)}`,
    '/busy':
      '<h2>Sales</h2><script>onload = () => setTimeout(() => { const until = Date.now() + 20000; while (Date.now() < until); })</script>',
    '/behind-hundred': `<h1>Board</h1>${frame('/data', 20, 20).repeat(100)}<br>${frame('/form', 1200, 600)}`,
    '/behind-large': `<h1>Board</h1>${frame('/data', 1200, 700).repeat(12)}<br>${frame('/form', 1200, 600)}`,
    '/behind-many': `<h1>Board</h1>${frame('/data', 20, 20).repeat(12)}<br>${frame('/form', 1200, 600)}`,
  };
  let framed: TestSite;
  beforeAll(async () => {
    framed = await startTestSite(({ path }) => html(pages[path] ?? 'no such page'));
  });
  afterAll(() => framed.close());

  it.each(['/four', '/behind-many', '/behind-hundred', '/behind-large'])(
    'that show walls are one together, and however many small ones come first: %s',
    async (path) => {
      expect(await framed.capture({ url: APP + path, auth: AUTH })).toMatchObject({ ok: false, failure: { code: 'login_wall' } });
    },
  );

  it.each(['/one-of-four', '/own-library'])('in a small part of the view are none, and do not fail the page: %s', async (path) => {
    expect(await framed.capture({ url: APP + path, auth: AUTH })).toMatchObject({ ok: true });
  });

  it('that fill the view and give no answer are not taken for a page without a wall', async () => {
    const request = { auth: AUTH, waitUntil: 'load' as const };
    expect(await framed.capture({ url: `${APP}/silent`, ...request })).toMatchObject({
      ok: false,
      failure: { code: 'readiness_timeout', detail: expect.stringContaining('did not answer') },
    });
  });
});

describe('the verdict', () => {
  it.each([
    [401, 'login_wall', 'login_wall'],
    [403, 'access_denied', 'denied'],
    [404, 'target_http_error', 'error_page'],
    [500, 'target_http_error', 'error_page'],
    [503, 'target_http_error', 'error_page'],
  ])('status %i is %s', async (status, code, verdict) => {
    expect(await site.capture({ url: `${APP}/status/${status}` })).toMatchObject({
      ok: false,
      failure: { code },
      observed: { verdict, httpStatus: status },
    });
  });

  it('a wall asks for an auth state where there was none, and for a fresh one where there was', async () => {
    const without = await site.capture({ url: `${APP}/status/401` });
    expect(without).toMatchObject({ failure: { detail: expect.stringContaining('Send an auth state') } });
    const spent = await site.capture({ url: `${APP}/status/401`, auth: AUTH });
    expect(spent).toMatchObject({ failure: { detail: expect.stringContaining('Send a fresh auth state') } });
  });

  it('an error page is a result where the caller expects its status', async () => {
    expect(await site.capture({ url: `${APP}/status/404`, expect: [{ status: 404 }] })).toMatchObject({
      ok: true,
      observed: { httpStatus: 404 },
    });
    expect(await site.capture({ url: `${APP}/good/report`, expect: [{ status: 404 }], timeouts: { action: 200 } })).toMatchObject({
      ok: false,
      failure: { code: 'expectation_failed' },
    });
  });

  it('a sign-in page is a result where no auth is given, or where it is the target', async () => {
    expect(await site.capture({ url: `${APP}/welcome` })).toMatchObject({ ok: true, observed: { verdict: 'unverified' } });
    expect(await site.capture({ url: `${APP}/login`, auth: AUTH })).toMatchObject({ ok: true });
  });

  it('a met check makes it authenticated, an unmet one a wall or a refusal', async () => {
    const quick = { timeouts: { action: 200 } };
    expect(await site.capture({ url: `${APP}/good/report`, auth: { ...AUTH, verify: { selector: '#menu' } } })).toMatchObject({
      ok: true,
      observed: { verdict: 'authenticated' },
    });
    expect(
      await site.capture({
        url: `${APP}/good/report`,
        auth: { ...AUTH, verify: { text: 'Quarterly', url: '**/good/**', notUrl: '**/login' } },
      }),
    ).toMatchObject({ ok: true, observed: { verdict: 'authenticated' } });
    const unmet = await site.capture({ url: `${APP}/good/report`, auth: { ...AUTH, verify: { selector: '#nobody' } }, ...quick });
    // The page asked for nothing, so the check is as likely to be wrong as the session.
    expect(unmet).toMatchObject({
      ok: false,
      failure: {
        code: 'login_wall',
        detail: expect.stringMatching(/`auth\.verify\.selector` was not met.*showed no sign of a sign-in page/),
      },
    });
    expect(unmet).not.toMatchObject({ failure: { detail: expect.stringContaining('asked to sign in') } });
    expect(await site.capture({ url: `${APP}/denied`, auth: { ...AUTH, verify: { selector: '#nobody' } }, ...quick })).toMatchObject({
      ok: false,
      failure: { code: 'access_denied' },
      observed: { verdict: 'denied' },
    });
    // A check of the address alone is met by a wall at the same address.
    expect(
      await site.capture({ url: `${APP}/wall/same-address`, auth: { ...AUTH, verify: { url: '**/wall/**' } }, ...quick }),
    ).toMatchObject({ ok: false, failure: { code: 'login_wall' } });
  });

  it('names the wall, not the missing element, when an action or a wait finds nothing on it', async () => {
    const url = `${APP}/wall/same-address`;
    expect(await site.capture({ url, auth: AUTH, actions: [{ type: 'click', selector: '#export', timeout: 200 }] })).toMatchObject({
      ok: false,
      failure: { code: 'login_wall', detail: expect.stringContaining('name what it shows in `auth.verify`') },
      sideEffects: false,
    });
    expect(
      await site.capture({ url, auth: AUTH, actions: [{ type: 'fill', selector: '#filter', value: 'x', timeout: 200 }] }),
    ).toMatchObject({ ok: false, failure: { code: 'login_wall' } });
    expect(await site.capture({ url, auth: AUTH, waitFor: { selector: '#chart', timeout: 200 } })).toMatchObject({
      ok: false,
      failure: { code: 'login_wall' },
    });
  });
});
