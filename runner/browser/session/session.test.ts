import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ResolvedAuth } from '#shared/auth-policy.ts';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
const SECRET = 'canary-5f1c9e';
/** Ways in which an app may load its next document while its first is hardly there. */
const WAYS: Record<string, string> = {
  'a link': `location.href = '/leaves'`,
  'a replacement': `location.replace('/leaves')`,
  'a reload': 'location.reload()',
  'a posted form': `document.body.insertAdjacentHTML('beforeend', '<form method="post" action="/leaves"></form>'); document.forms[0].submit()`,
  'a way through another origin': `location.href = 'https://api.example.com/elsewhere'`,
  'an opened document of a blob': `document.body.append(Object.assign(document.createElement('iframe'), { src: URL.createObjectURL(new Blob(['<p>blob</p>'], { type: 'text/html' })) })); location.href = '/leaves'`,
};
let site: TestSite;
/** What the pages reported through `/report`, in order. */
const reports: Record<string, unknown>[] = [];

const REPORT = `const report = (data) => { const call = new XMLHttpRequest(); call.open('POST', '/report', false); call.send(JSON.stringify(data)); };`;

beforeAll(async () => {
  site = await startTestSite((request) => {
    const url = new URL(request.path, `https://${request.host}`);
    if (url.pathname === '/report') {
      reports.push({ host: request.host, ...JSON.parse(request.body) });
      return { status: 204 };
    }
    if (url.pathname === '/first')
      return html(
        `<script>${REPORT} report({ cookie: document.cookie, local: localStorage.getItem('token'), session: sessionStorage.getItem('tab') });</script><h1>ok</h1>`,
        { headers: { 'cross-origin-opener-policy': 'same-origin' } },
      );
    if (url.pathname === '/rotate')
      return html(
        `<script>${REPORT} report({ local: localStorage.token, session: sessionStorage.tab }); localStorage.token = 'new'; sessionStorage.tab = 'new'; if (!location.search) location.href = '/rotate?again';</script>`,
      );
    if (url.pathname === '/leaves')
      return html(
        `<script>${REPORT} report({ local: localStorage.token ?? null, session: sessionStorage.tab ?? null }); const isBack = localStorage.seen === '1'; localStorage.seen = '1'; localStorage.removeItem('token'); sessionStorage.tab = 'new';</script>
<iframe src="/inner"></iframe><script>if (!isBack) { ${WAYS[url.searchParams.get('way') ?? '']} }</script>`,
      );
    if (url.pathname === '/elsewhere') return html(`<script>location.href = '${APP}/leaves';</script>`);
    if (url.pathname === '/embeds')
      return html(
        `<iframe src="https://bi.example.org/inner"></iframe><iframe src="https://stranger.example.net/inner"></iframe><iframe src="/inner"></iframe>`,
      );
    if (url.pathname === '/inner')
      return html(
        `<script>${REPORT} report({ cookie: document.cookie, local: { ...localStorage }, session: { ...sessionStorage } });</script>`,
      );
    if (url.pathname === '/requests')
      return html(
        `<img src="/redirected.png"><script>fetch('/api'); fetch('https://api.example.com/data'); fetch('https://stranger.example.net/data', { mode: 'no-cors' }); new Worker('/worker.js');</script>`,
      );
    if (url.pathname === '/redirected.png') return { status: 302, headers: { location: 'https://stranger.example.net/pixel.png' } };
    if (url.pathname === '/leave') return { status: 302, headers: { location: 'https://stranger.example.net/landed' } };
    if (url.pathname === '/worker.js') return { headers: { 'content-type': 'text/javascript' }, body: `fetch('/from-worker');` };
    if (url.pathname === '/basic') {
      if (request.headers.authorization !== `Basic ${Buffer.from('user:pass').toString('base64')}`)
        return { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
      return html('<h1>basic</h1>');
    }
    if (url.pathname === '/database') {
      return html(
        `<h1></h1><script>${REPORT} const open = indexedDB.open('auth'); open.onsuccess = () => { const get = open.result.transaction('users').objectStore('users').get('me'); get.onsuccess = () => report({ user: get.result }); };</script>`,
      );
    }
    return html(
      '<h1>ok</h1>',
      request.host === 'api.example.com' ? { headers: { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' } } : {},
    );
  });
});
afterAll(() => site.close());
beforeEach(() => {
  reports.length = 0;
  site.seen.length = 0;
});

const reported = (host: string) => reports.filter((entry) => entry.host === host);
const header = (path: string, name = 'authorization') =>
  site.seen.filter((request) => request.path === path).map((request) => request.headers[name]);

describe('the session that is put into the page', () => {
  it('is seen by the first script of the app, without any request before the target', async () => {
    const result = await site.capture({
      url: `${APP}/first`,
      auth: { cookies: [{ name: 'sid', value: SECRET }], localStorage: { token: 'L1' }, sessionStorage: { [APP]: { tab: 'S1' } } },
    });
    expect(result.ok).toBe(true);
    expect(reported('app.example.com')[0]).toMatchObject({ cookie: `sid=${SECRET}`, local: 'L1', session: 'S1' });
    expect(site.seen[0]?.path).toBe('/first');
    expect(site.seen[0]?.headers.cookie).toBe(`sid=${SECRET}`);
    expect(result.observed.auth).toMatchObject({ cookies: 1, origins: 1, rejected: [], counts: { applied: 3 } });
  });

  it.each(Object.keys(WAYS))('is set once: what the app removes in its first document stays removed after %s', async (way) => {
    const auth = { localStorage: { token: 'old' }, sessionStorage: { tab: 'old' } };
    const result = await site.capture({ url: `${APP}/leaves?way=${encodeURIComponent(way)}`, auth });
    expect(result.ok ? 'ok' : result.failure.detail).toBe('ok');
    const documents = reported('app.example.com').filter((report) => 'session' in report && typeof report.session !== 'object');
    expect(documents.map(({ local, session }) => [local, session])).toEqual([
      ['old', 'old'],
      [null, 'new'],
    ]);
  });

  it('is set once: what the app rotates stays rotated after a navigation', async () => {
    await site.capture({ url: `${APP}/rotate`, auth: { localStorage: { token: 'old' }, sessionStorage: { tab: 'old' } } });
    expect(reported('app.example.com').map(({ local, session }) => [local, session])).toEqual([
      ['old', 'old'],
      ['new', 'new'],
    ]);
  });

  it('reaches each origin its own part, in frames too, and strangers nothing', async () => {
    const auth = {
      cookies: [
        { name: 'sid', value: SECRET },
        { name: 'bi', value: 'B', domain: 'bi.example.org', sameSite: 'None' as const },
      ],
      localStorage: { [APP]: { own: 'A' }, 'https://bi.example.org': { own: 'B' } },
      sessionStorage: { [APP]: { tab: 'A' }, 'https://bi.example.org': { tab: 'B' } },
    };
    const result = await site.capture({ url: `${APP}/embeds`, auth });
    expect(result.ok).toBe(true);
    expect(reported('app.example.com')[0]).toMatchObject({ local: { own: 'A' }, session: { tab: 'A' } });
    expect(reported('bi.example.org')[0]).toMatchObject({ cookie: 'bi=B', local: { own: 'B' }, session: { tab: 'B' } });
    expect(reported('stranger.example.net')[0]).toMatchObject({ cookie: '', local: {}, session: {} });
  });

  it('restores the IndexedDB part of a Playwright storage state', async () => {
    const stores = [{ name: 'users', autoIncrement: false, records: [{ key: 'me', value: { token: 'db-token' } }], indexes: [] }];
    const storageState = { cookies: [], origins: [{ origin: APP, localStorage: [], indexedDB: [{ name: 'auth', version: 1, stores }] }] };
    const result = await site.capture({ url: `${APP}/database`, auth: { storageState } });
    expect(result.ok).toBe(true);
    expect(reports[0]?.user).toEqual({ token: 'db-token' });
    expect(result.observed.auth?.items).toEqual([expect.objectContaining({ kind: 'indexedDB', at: APP, status: 'applied' })]);
  });

  it('an IndexedDB part that cannot be restored is named, and no page is opened without it', async () => {
    const stores = [{ name: 'users', autoIncrement: false, keyPath: 'id', records: [{ value: { token: SECRET } }], indexes: [] }];
    const storageState = { cookies: [], origins: [{ origin: APP, localStorage: [], indexedDB: [{ name: 'auth', version: 1, stores }] }] };
    const from = site.seen.length;
    const result = await site.capture({ url: `${APP}/database`, auth: { storageState } });
    expect(result).toMatchObject({ ok: false, failure: { code: 'auth_not_applied' } });
    expect(result.observed.auth?.rejected).toMatchObject([
      { name: 'auth.storageState', reason: expect.stringContaining('could not be restored') },
    ]);
    expect(JSON.stringify(result)).not.toContain(SECRET);
    expect(site.seen.slice(from)).toEqual([]);
  });

  it('a browser that is gone while an IndexedDB part is restored is no fault of the state', async () => {
    const other = await startTestSite(() => html('x'));
    try {
      const stores = [{ name: 'users', autoIncrement: false, records: [{ key: 'me', value: { token: SECRET } }], indexes: [] }];
      const storageState = { cookies: [], origins: [{ origin: APP, localStorage: [], indexedDB: [{ name: 'auth', version: 1, stores }] }] };
      const capturing = other.capture({ url: `${APP}/database`, auth: { storageState } });
      await other.browser.close();
      const result = await capturing;
      expect(result).toMatchObject({ ok: false, failure: { code: 'browser_crashed' } });
      expect(result.observed.auth?.rejected ?? []).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('sends headers to their origins only, and not along a redirect to another one', async () => {
    await site.capture({
      url: `${APP}/requests`,
      auth: { bearer: SECRET, origins: [APP, 'https://api.example.com'] },
      headers: { 'x-only': 'target' },
    });
    for (const path of ['/requests', '/api', '/redirected.png', '/worker.js', '/from-worker'])
      expect(header(path), path).toEqual([`Bearer ${SECRET}`]);
    expect(
      site.seen
        .filter((request) => request.host === 'api.example.com' && request.method === 'GET')
        .map((request) => [request.headers.authorization, request.headers['x-only']]),
    ).toEqual([[`Bearer ${SECRET}`, undefined]]);
    const strange = site.seen.filter((request) => request.host === 'stranger.example.net');
    expect(strange.map((request) => request.path).sort()).toEqual(['/data', '/pixel.png']);
    expect(strange.every((request) => request.headers.authorization === undefined && request.headers['x-only'] === undefined)).toBe(true);
  });

  it('a redirect of the page to an unlisted host is not even requested there', async () => {
    const result = await site.capture({ url: `${APP}/leave`, auth: { bearer: SECRET } });
    expect(result).toMatchObject({ ok: false, failure: { code: 'navigation_blocked' } });
    expect(site.seen.map((request) => request.host)).toEqual(['app.example.com']);
  });

  it('answers basic authentication for the origin of the target', async () => {
    const result = await site.capture({ url: `${APP}/basic`, auth: { httpCredentials: { username: 'user', password: 'pass' } } });
    expect(result).toMatchObject({ ok: true, observed: { httpStatus: 200 } });
  });

  it('keeps __Host-, partitioned and subdomain cookies as they were given', async () => {
    const domains = [
      { host: 'app.example.com', port: null, isPrivate: false },
      { host: '*.example.com', port: null, isPrivate: false },
    ];
    const cookies = [
      { name: '__Host-sid', value: 'h' },
      { name: 'wide', value: 'w', domain: '.example.com' },
      { name: 'part', value: 'p', sameSite: 'None' as const, partitionKey: 'https://example.com' },
    ];
    const result = await site.capture({ url: `${APP}/first`, auth: { cookies } }, { domains });
    expect(result.ok ? [] : [result.failure]).toEqual([]);
    expect(String(site.seen[0]?.headers.cookie).split('; ').sort()).toEqual(['__Host-sid=h', 'part=p', 'wide=w']);
  });

  it('ends with auth_not_applied and the name of the one cookie that the browser refuses', async () => {
    const cookies = [
      { name: 'good', value: 'g' },
      { name: 'bad', value: SECRET, sameSite: 'None' as const, secure: true },
    ];
    // The request's own checks refuse it; a payload of an older server may hold it.
    const age = (auth: ResolvedAuth) => ({
      ...auth,
      cookies: auth.cookies.map((cookie) => (cookie.name === 'bad' ? { ...cookie, partitionKey: 'not a site' } : cookie)),
    });
    const result = await site.capture({ url: `${APP}/first`, auth: { cookies } }, { age });
    expect(result).toMatchObject({
      ok: false,
      failure: { code: 'auth_not_applied', step: 'session' },
      observed: { auth: { cookies: 1, rejected: [{ name: 'bad' }] } },
    });
    expect(JSON.stringify(result)).not.toContain(SECRET);
    expect(site.seen).toEqual([]);
  });

  it('names a cookie that the browser drops without a word, such as one that ran out in the queue', async () => {
    const age = (auth: ResolvedAuth) => ({ ...auth, cookies: auth.cookies.map((cookie) => ({ ...cookie, expires: 1_600_000_000 })) });
    const result = await site.capture({ url: `${APP}/first`, auth: { cookies: [{ name: 'sid', value: SECRET }] } }, { age });
    expect(result).toMatchObject({ ok: false, failure: { code: 'auth_not_applied', detail: expect.stringContaining('run out') } });
    expect(result.observed.auth).toMatchObject({ cookies: 0, rejected: [{ name: 'sid' }] });
    expect(site.seen).toEqual([]);
  });

  it('names the storage item that does not fit', async () => {
    const domains = [{ host: 'app.example.com', port: null, isPrivate: false }];
    // The schema bounds what a request may carry; a browser's own quota is met by several of them.
    const big = 'x'.repeat(500_000);
    const storageState = {
      cookies: [],
      origins: [{ origin: APP, localStorage: Array.from({ length: 12 }, (_entry, index) => ({ name: `big${index}`, value: big })) }],
    };
    const result = await site.capture({ url: `${APP}/first`, auth: { storageState } }, { domains });
    expect(result).toMatchObject({ ok: false, failure: { code: 'auth_not_applied' } });
    expect(result.observed.auth?.rejected[0]).toMatchObject({ reason: expect.stringContaining('quota') });
  });

  it('leaves no cookie, storage or file of one capture to the next', async () => {
    const first = await site.capture({
      url: `${APP}/first`,
      auth: { cookies: [{ name: 'sid', value: SECRET }], localStorage: { token: 'L1' } },
    });
    reports.length = 0;
    await site.capture({ url: `${APP}/first` });
    expect(reported('app.example.com')[0]).toMatchObject({ cookie: '', local: null, session: null });
    expect(first.ok && (await readFile(first.file)).length).toBe(first.ok && first.bytes);
    expect(site.browser.contexts()).toEqual([]);
  });
});
