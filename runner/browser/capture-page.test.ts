import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from './fixtures/test-site.ts';

const APP = 'https://app.example.com';
const SECRET = 'canary-77b0d2';
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    const url = new URL(path, APP);
    if (url.pathname === '/to-sso') return { status: 302, headers: { location: 'https://sso.example.net/start?code=1' } };
    if (url.pathname === '/late-sso')
      return html(`<h1>app</h1><script>setTimeout(() => { location.href = 'https://login.example.net/authorize?x=1'; }, 50)</script>`);
    if (url.pathname === '/to-stranger') return { status: 302, headers: { location: 'https://stranger.example.net/x' } };
    if (url.pathname === '/to-http') return { status: 302, headers: { location: 'http://app.example.com/plain' } };
    const scheme = /^\/to-scheme\/(.+)$/.exec(url.pathname)?.[1];
    if (scheme) return { status: 302, headers: { location: decodeURIComponent(scheme) } };
    if (url.pathname === '/empty') return { status: 204 };
    if (url.pathname === '/while-drawn') return html('<h1>app</h1>');
    if (url.pathname === '/circle') return { status: 302, headers: { location: '/circle' } };
    if (url.pathname === '/file')
      return { headers: { 'content-disposition': 'attachment; filename=x.bin', 'content-type': 'application/octet-stream' }, body: 'x' };
    if (url.pathname === '/popup') return html(`<h1>app</h1><script>window.open('/in-popup'); alert('hello'); confirm('sure?');</script>`);
    if (url.pathname === '/never') return null;
    if (url.pathname === '/loop') return html(`<h1>app</h1><script>setTimeout(() => { for (;;); }, 20)</script>`);
    return html('<title>t</title><style>body{margin:0;background:rgb(10,20,30)}</style><h1>Hello</h1>');
  });
});
afterAll(() => site.close());
beforeEach(() => {
  site.seen.length = 0;
});

describe('capturePage', () => {
  it('makes a picture, reports the steps in order and where the time went', async () => {
    const result = await site.capture({ url: `${APP}/page?token=${SECRET}#part` });
    expect(result).toMatchObject({
      ok: true,
      contentType: 'image/png',
      width: 1280,
      height: 720,
      pages: null,
      observed: {
        finalUrl: `${APP}/page?…`,
        httpStatus: 200,
        verdict: 'unverified',
        partial: false,
        readiness: { settledBy: 'auto' },
        auth: null,
      },
    });
    expect(site.steps).toEqual(['session', 'navigate', 'settle', 'render']);
    expect(Object.keys(result.observed.timings).sort()).toEqual(['navigate', 'render', 'session', 'settle']);
    if (!result.ok) return;
    const image = PNG.sync.read(await readFile(result.file));
    expect([image.width, image.height, ...image.data.subarray(-4)]).toEqual([1280, 720, 10, 20, 30, 255]);
    const { stdout } = await promisify(execFile)('sha256sum', [result.file]);
    expect(stdout.split(' ')[0]).toBe(result.sha256);
  });

  it.each([
    ['/to-sso', 'login_wall', 'sso.example.net'],
    ['/late-sso', 'login_wall', 'login.example.net'],
    ['/to-stranger', 'navigation_blocked', 'stranger.example.net'],
    ['/to-http', 'navigation_blocked', 'http://app.example.com'],
  ])('%s ends %s and names %s', async (path, code, named) => {
    const result = await site.capture({ url: `${APP}${path}` });
    expect(result).toMatchObject({ ok: false, failure: { code, detail: expect.stringContaining(named) } });
    expect(site.seen.every((request) => request.host === 'app.example.com')).toBe(true);
  });

  it.each(['file:///etc/passwd', 'data:text/html,x', 'mailto:a@example.com', 'javascript:1', 'chrome://version', 'ftp://app.example.com/'])(
    'a redirect to %s ends navigation_blocked',
    async (location) => {
      const result = await site.capture({ url: `${APP}/to-scheme/${encodeURIComponent(location)}` });
      expect(result).toMatchObject({ ok: false, failure: { code: 'navigation_blocked', detail: expect.stringContaining('only https') } });
    },
  );

  it('an answer without content is called one', async () => {
    const result = await site.capture({ url: `${APP}/empty` });
    expect(result).toMatchObject({ failure: { code: 'target_http_error', detail: expect.stringContaining('without a page') } });
  });

  it('a download is called one, and not advised to be expected', async () => {
    const result = await site.capture({ url: `${APP}/file` });
    expect(result).toMatchObject({
      ok: false,
      failure: { code: 'target_http_error', detail: expect.stringMatching(/^The URL is a download/) },
    });
    expect(JSON.stringify(result)).not.toContain('expect');
  });

  it('refuses a page that goes elsewhere while its picture is taken', async () => {
    const script = `const draw = CSSStyleSheet.prototype.replaceSync; CSSStyleSheet.prototype.replaceSync = function (text) { if (text.includes('caret-color')) location.href = 'https://stranger.example.net/'; return draw.call(this, text); };`;
    const result = await site.capture({ url: `${APP}/while-drawn`, scripts: [script] });
    expect(result).toMatchObject({ ok: false, failure: { code: 'navigation_blocked' } });
  });

  it.each([['a redirect circle', '/circle', 'target_http_error']])('says what %s is', async (_name, path, code) => {
    expect(await site.capture({ url: APP + path })).toMatchObject({ ok: false, failure: { code, step: 'navigate' } });
  });

  it('tells a host that it may not reach from one that does not answer', async () => {
    await using unreachable = await startUnreachable();
    const url = `${APP}/`;
    expect(await unreachable.site.capture({ url }, { lastBlock: 'private address' })).toMatchObject({
      ok: false,
      failure: { code: 'target_address_blocked', detail: expect.stringContaining('private address') },
    });
    expect(await unreachable.site.capture({ url })).toMatchObject({ ok: false, failure: { code: 'target_unreachable' } });
  });

  it('closes popups and dismisses dialogs', async () => {
    expect(await site.capture({ url: `${APP}/popup` })).toMatchObject({ ok: true });
    expect(site.browser.contexts()).toEqual([]);
  });

  it('ends in time where the site never answers', async () => {
    const result = await site.capture({ url: `${APP}/never`, timeouts: { navigation: 500 } });
    expect(result).toMatchObject({ ok: false, failure: { code: 'navigation_timeout', step: 'navigate' } });
  });

  it('ends in time where a script of the page never ends', async () => {
    const started = Date.now();
    const result = await site.capture({ url: `${APP}/loop`, timeouts: { total: 3000 } });
    expect(result).toMatchObject({
      ok: false,
      failure: { code: 'total_timeout', detail: expect.stringMatching(/step `\w+` took .* Raise it/) },
    });
    expect(Date.now() - started).toBeLessThan(12_000);
  });

  it('ends at once when the attempt is stopped, and when the browser is gone', async () => {
    const stop = new AbortController();
    const stopping = site.capture({ url: `${APP}/never` }, { signal: stop.signal });
    await expect.poll(() => site.seen.length).toBe(1);
    stop.abort();
    expect(await stopping).toMatchObject({ ok: false, failure: { code: 'internal' } });

    const crash = new AbortController();
    const crashing = site.capture({ url: `${APP}/never` }, { crashed: crash.signal });
    await expect.poll(() => site.seen.length).toBe(2);
    crash.abort();
    expect(await crashing).toMatchObject({ ok: false, failure: { code: 'browser_crashed' } });
  });

  it('keeps selectors, values, queries and scripts of the request out of failures and logs', async () => {
    const attempts = [
      {
        url: `${APP}/?q=${SECRET}`,
        actions: [{ type: 'click' as const, selector: `text=${SECRET}`, timeout: 200, note: 'open the menu' }],
      },
      { url: `${APP}/?q=${SECRET}`, actions: [{ type: 'fill' as const, selector: 'h1', value: SECRET, timeout: 200 }] },
      { url: `${APP}/?q=${SECRET}`, actions: [{ type: 'evaluate' as const, expression: `throw new Error('${SECRET}')` }] },
      { url: `${APP}/?q=${SECRET}`, scripts: [`throw new Error('${SECRET}')`] },
      { url: `${APP}/?q=${SECRET}`, waitFor: { text: SECRET, timeout: 200 } },
      { url: `${APP}/?q=${SECRET}`, timeouts: { action: 200 }, expect: [{ text: SECRET }] },
      { url: `${APP}/circle?q=${SECRET}` },
      { url: `${APP}/?q=${SECRET}`, timeouts: { action: 200 }, output: { format: 'png' as const, selector: `#${SECRET}` } },
    ];
    const codes: string[] = [];
    for (const attempt of attempts) {
      const result = await site.capture(attempt);
      if (!result.ok) codes.push(result.failure.code);
      expect(JSON.stringify(result)).not.toContain(SECRET);
    }
    expect(codes).toEqual([
      'action_timeout',
      'action_failed',
      'action_failed',
      'action_failed',
      'readiness_timeout',
      'expectation_failed',
      'target_http_error',
      'action_timeout',
    ]);
    expect(site.logLines.join('\n')).not.toContain(SECRET);
  });
});

/** A site whose browser finds nothing behind any name. */
async function startUnreachable(): Promise<AsyncDisposable & { site: TestSite }> {
  const gone = await startTestSite(() => null);
  await gone.stopServer();
  return { site: gone, [Symbol.asyncDispose]: () => gone.close() };
}
