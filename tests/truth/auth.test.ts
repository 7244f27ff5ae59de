import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import type { AuthItem } from '#shared/capture.ts';

/** T3: the auth state given is the auth state used. Judged from the server's side, whatever puts it into the browser. */
const APP = 'https://app.example.com';
const BI = 'https://bi.example.org';
const SECRET = 'canary-7b21';
let site: TestSite;
const reports: { host: string; at: string; data: unknown }[] = [];
/** Sessions that the rotating app still takes. */
const live = new Set<string>();

const REPORT = `const report = (data) => { const call = new XMLHttpRequest(); call.open('POST', '/report?at=' + location.pathname, false); call.send(JSON.stringify(data)); };`;
const STATE = `{ cookie: document.cookie, local: { ...localStorage }, session: { ...sessionStorage } }`;
const LOGIN = html('<title>Sign in</title><form><input type="email"><input type="password"><button>Sign in</button></form>');

const PAGES: Record<string, string> = {
  // Each script of an app may be the one that decides whether it is signed in: the very first in the document counts.
  '/first': `<!-- --><script>${REPORT} report(${STATE});</script><h1>Board</h1>`,
  // Draws "signed out" at once without a token, as an app does that asks nobody.
  '/flash': `<script>${REPORT} document.write('<h1>' + (localStorage.token ? 'Board' : 'Signed out') + '</h1>'); new MutationObserver(() => report(document.querySelector('h1').textContent)).observe(document, { childList: true, subtree: true }); report(document.querySelector('h1').textContent);</script>`,
  '/rotate': `<script>${REPORT} report(${STATE}); localStorage.token = 'new'; sessionStorage.tab = 'new'; document.cookie = 'sid=new; path=/; secure'; if (!location.search) location.href = '/rotate?again';</script><button>Log out</button>`,
  '/logout-by-app': `<script>${REPORT} report(${STATE}); localStorage.clear(); sessionStorage.clear(); document.cookie = 'sid=; path=/; max-age=0'; if (!location.search) location.href = '/logout-by-app?again';</script>`,
  '/tabs': `<script>${REPORT} report(${STATE}); sessionStorage.removeItem('tab'); if (!location.search) location.href = '/tabs?again';</script>`,
  '/embeds': `<h1>Board</h1><iframe src="${BI}/board" width="400" height="300"></iframe>`,
  '/board': `<script>${REPORT} report(${STATE});</script><iframe src="${BI}/inner"></iframe>`,
  '/inner': `<script>${REPORT} report(${STATE});</script>`,
  '/hops': `<img src="/hop.png"><iframe src="https://api.example.com/frame"></iframe><script>new Worker('/worker.js'); fetch('https://api.example.com/put', { method: 'PUT', body: 'x' }).catch(() => {});</script><h1>Board</h1>`,
  '/plain': '<h1>Board</h1>',
};

beforeAll(async () => {
  site = await startTestSite((request) => {
    const url = new URL(request.path, `https://${request.host}`);
    if (url.pathname === '/report') {
      reports.push({ host: request.host, at: url.searchParams.get('at') ?? '', data: JSON.parse(request.body) });
      return { status: 204 };
    }
    if (url.pathname === '/worker.js') return { headers: { 'content-type': 'text/javascript' }, body: `fetch('/from-worker');` };
    if (url.pathname === '/hop.png') return { status: 302, headers: { location: 'https://cdn.example.net/pixel.png' } };
    if (url.pathname === '/basic')
      return request.headers.authorization ? html('<h1>Basic</h1>') : { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
    if (url.pathname === '/rotating-session') return rotating(String(request.headers.cookie ?? ''));
    const cors = { 'access-control-allow-origin': '*', 'access-control-allow-methods': '*', 'access-control-allow-headers': '*' };
    if (request.host === 'api.example.com') return html('<h1>api</h1>', { headers: cors });
    return html(PAGES[url.pathname] ?? '<h1>ok</h1>');
  });
});
afterAll(() => site.close());
beforeEach(() => {
  reports.length = 0;
  site.seen.length = 0;
});

/** An app that gives a new session on each use and knows the old one no more. */
function rotating(cookie: string) {
  const sid = /sid=([^;]+)/.exec(cookie)?.[1] ?? '';
  if (!live.delete(sid)) return { ...LOGIN, status: 200 };
  const next = `${sid}+`;
  live.add(next);
  return html('<h1>Board</h1>', { headers: { 'set-cookie': `sid=${next}; Path=/; Secure; HttpOnly` } });
}

const cookie = (more: Record<string, unknown> = {}) => ({ name: 'sid', value: SECRET, ...more });
const at = (path: string, host = 'app.example.com') =>
  reports.filter((entry) => entry.at === path && entry.host === host).map(({ data }) => data);
const header = (path: string, name = 'authorization') =>
  site.seen.filter((request) => request.path === path).map((request) => request.headers[name]);
const fate = (items: readonly AuthItem[] | undefined, kind: AuthItem['kind'], name: string) =>
  items?.find((item) => item.kind === kind && item.name === name)?.status;

describe('T3: the state that was given is the state that the page finds', () => {
  it('by the first script, at the first request, with no request before it and none twice', async () => {
    const auth = { cookies: [cookie()], localStorage: { token: 'L' }, sessionStorage: { tab: 'S' } };
    const result = await site.capture({ url: `${APP}/first`, auth });
    expect(at('/first')).toEqual([{ cookie: `sid=${SECRET}`, local: { token: 'L' }, session: { tab: 'S' } }]);
    expect(site.seen.filter(({ path }) => path !== '/favicon.ico').map(({ path }) => path)).toEqual(['/first', '/report?at=/first']);
    expect(site.seen[0]?.headers.cookie).toBe(`sid=${SECRET}`);
    expect(result.observed.auth?.counts).toEqual({ applied: 3 });
  });

  it('without a flash of a signed-out page', async () => {
    await site.capture({ url: `${APP}/flash`, auth: { localStorage: { token: 'L' } } });
    expect(at('/flash').length).toBeGreaterThan(0);
    expect(new Set(at('/flash'))).toEqual(new Set(['Board']));
  });

  it('once: what the app rotates survives a navigation, and the receipt says that it was replaced', async () => {
    const auth = { cookies: [cookie()], localStorage: { token: 'old' }, sessionStorage: { tab: 'old' } };
    const { observed } = await site.capture({ url: `${APP}/rotate`, auth });
    expect(at('/rotate')).toEqual([
      { cookie: `sid=${SECRET}`, local: { token: 'old' }, session: { tab: 'old' } },
      { cookie: 'sid=new', local: { token: 'new' }, session: { tab: 'new' } },
    ]);
    expect(observed.auth).toMatchObject({ counts: { replaced_by_site: 3 }, sessionReplaced: true });
    expect(JSON.stringify(observed.auth)).not.toContain(SECRET);
  });

  it('a sign-out by the app stays one, and ends the capture', async () => {
    const auth = { cookies: [cookie()], localStorage: { token: 'old' }, sessionStorage: { tab: 'old' } };
    const result = await site.capture({ url: `${APP}/logout-by-app`, auth });
    expect(at('/logout-by-app').at(-1)).toEqual({ cookie: '', local: {}, session: {} });
    expect(result).toMatchObject({ ok: false, failure: { code: 'login_wall' } });
    expect(result.observed.auth).toMatchObject({ counts: { deleted_by_site: 3 }, sessionReplaced: true });
  });

  it('sessionStorage is not put back', async () => {
    const { observed } = await site.capture({ url: `${APP}/tabs`, auth: { sessionStorage: { tab: 'S' } } });
    expect(at('/tabs')).toMatchObject([{ session: { tab: 'S' } }, { session: {} }]);
    expect(fate(observed.auth?.items, 'sessionStorage', 'tab')).toBe('deleted_by_site');
  });

  it('in frames of another host, nested ones too', async () => {
    const auth = {
      cookies: [cookie(), { name: 'bi', value: 'B', domain: 'bi.example.org', sameSite: 'None' as const }],
      localStorage: { [APP]: { own: 'A' }, [BI]: { own: 'B' } },
    };
    const { observed } = await site.capture({ url: `${APP}/embeds`, auth });
    for (const path of ['/board', '/inner']) expect(at(path, 'bi.example.org')).toMatchObject([{ cookie: 'bi=B', local: { own: 'B' } }]);
    expect(header('/board', 'cookie')).toEqual(['bi=B']);
    expect(observed.auth?.counts).toEqual({ applied: 4 });
  });
});

describe('T3: the receipt', () => {
  it('names what never went anywhere, and why', async () => {
    const auth = {
      cookies: [
        cookie(),
        { name: 'elsewhere', value: 'x', domain: 'api.example.com' },
        { name: 'deep', value: 'x', path: '/admin' },
        // Lax: the browser does not send it to a frame of another site.
        { name: 'lax', value: 'x', domain: 'bi.example.org' },
      ],
      localStorage: { 'https://api.example.com': { token: 'x' } },
      headers: { 'X-Tenant': '7' },
      httpCredentials: { username: 'u', password: SECRET, origin: 'https://api.example.com' },
    };
    const { observed } = await site.capture({ url: `${APP}/embeds`, auth });
    const items = observed.auth?.items;
    expect(fate(items, 'cookie', 'sid')).toBe('applied');
    expect(fate(items, 'header', 'X-Tenant')).toBe('applied');
    for (const name of ['elsewhere', 'deep', 'lax']) expect([name, fate(items, 'cookie', name)]).toEqual([name, 'never_sent']);
    expect(items?.find(({ name }) => name === 'lax')?.reason).toContain('sameSite');
    expect(fate(items, 'localStorage', 'token')).toBe('never_sent');
    expect(fate(items, 'httpCredentials', 'basic')).toBe('never_sent');
    expect(observed.auth?.counts).toEqual({ applied: 2, never_sent: 5 });
    expect(JSON.stringify(observed)).not.toContain(SECRET);
  });
});

describe('T3: headers and credentials', () => {
  it('go to their origins only: no hop, frame, preflight or other host is given any', async () => {
    await site.capture({ url: `${APP}/hops`, auth: { bearer: SECRET } });
    for (const path of ['/hops', '/hop.png', '/worker.js', '/from-worker'])
      expect([path, header(path)]).toEqual([path, [`Bearer ${SECRET}`]]);
    const strange = site.seen.filter(({ host }) => host !== 'app.example.com');
    expect(strange.map(({ host, path, method }) => `${method} ${host}${path}`)).toEqual(
      expect.arrayContaining(['GET cdn.example.net/pixel.png', 'GET api.example.com/frame', 'OPTIONS api.example.com/put']),
    );
    expect(JSON.stringify(strange)).not.toContain(SECRET);
  });

  it('basic credentials wait to be asked, or go with every request, to one origin', async () => {
    const credentials = { username: 'u', password: SECRET };
    const basic = `Basic ${Buffer.from(`u:${SECRET}`).toString('base64')}`;
    const asked = await site.capture({ url: `${APP}/basic`, auth: { httpCredentials: credentials } });
    expect(asked.ok).toBe(true);
    expect(header('/basic')).toEqual([undefined, basic]);
    expect(fate(asked.observed.auth?.items, 'httpCredentials', 'basic')).toBe('applied');
    site.seen.length = 0;
    await site.capture({ url: `${APP}/embeds`, auth: { httpCredentials: { ...credentials, send: 'always' } } });
    expect(header('/embeds')).toEqual([basic]);
    expect(header('/board')).toEqual([undefined]);
    site.seen.length = 0;
    const other = { ...credentials, origin: BI };
    expect(await site.capture({ url: `${APP}/basic`, auth: { httpCredentials: other } })).toMatchObject({
      failure: { code: 'login_wall' },
    });
    expect(header('/basic')).toEqual([undefined]);
  });
});

describe('T3: a session that the app rotates on first use', () => {
  it('is good for one capture; the second ends at the wall, and the message names the likely cause', async () => {
    live.add('one');
    const auth = { cookies: [cookie({ value: 'one', httpOnly: true })] };
    const first = await site.capture({ url: `${APP}/rotating-session`, auth });
    expect(first).toMatchObject({ ok: true, observed: { auth: { sessionReplaced: true } } });
    expect(site.seen.filter(({ path }) => path === '/rotating-session')).toHaveLength(1);
    const second = await site.capture({ url: `${APP}/rotating-session`, auth });
    expect(second).toMatchObject({
      ok: false,
      failure: { code: 'login_wall', detail: expect.stringMatching(/rotates its session on first use.*spent/) },
    });
  });
});
