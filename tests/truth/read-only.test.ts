import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import { createSocketSink } from './socket-sink.ts';

const APP = 'https://app.example.com';
const JSON_TYPE = `{ 'content-type': 'application/json' }`;
const CORS = { 'access-control-allow-origin': APP, 'access-control-allow-methods': 'PATCH', 'access-control-max-age': '0' };
/** Frames that clients sent through WebSockets, by the path of the socket. */
const { messages, accept } = createSocketSink();

/**
 * A page that writes in every way that is known; `bye` tells of its end. The last line shows that all of it has run. What
 * is refused may throw: the page goes on, and the log of the site says what got through.
 */
const WRITER = `<h1>Board</h1><a id="ping" href="#x" ping="/ping">x</a><p id="done"></p>
<form id="form" method="post" action="/form"><input name="a" value="b"></form>
<form id="framed" method="post" action="/form-framed" target="inner"></form><iframe name="inner"></iframe>
<iframe src="https://api.example.com/frame"></iframe><iframe srcdoc="<script>fetch('https://app.example.com/srcdoc', { method: 'POST' })</script>"></iframe>
<script>
const json = (body) => ({ method: 'POST', headers: ${JSON_TYPE}, body: JSON.stringify(body) });
const all = [
  fetch('/fetch', { method: 'POST', body: 'secret-body' }), fetch('/put?token=secret-query', { method: 'PUT' }), fetch('/delete', { method: 'DELETE' }),
  fetch('https://api.example.com/cross', { method: 'PATCH' }), fetch('/keepalive', { method: 'POST', keepalive: true }),
  fetch('/override', { headers: { 'X-HTTP-Method-Override': 'DELETE' } }),
  fetch('/graphql', json({ query: 'mutation { drop }' })), fetch('/graphql', json([{ query: '{ a }' }, { query: 'subscription { b }' }])),
  fetch('/graphql', json({ extensions: { persistedQuery: { sha256Hash: 'x' } } })), fetch('/graphql', json({ query: 'query A { a } mutation B { b }', operationName: 'A' })),
].map((call) => call.catch(() => 'refused'));
const xhr = new XMLHttpRequest(); xhr.open('POST', '/xhr'); xhr.send('x');
navigator.sendBeacon('/beacon', 'x');
const dig = (path) => "fetch('" + location.origin + path + "', { method: 'POST' }); try { const s = new WebSocket('wss://app.example.com" + path + "'); s.onopen = () => s.send('x'); } catch {}";
new Worker('/worker.js');
new Worker(URL.createObjectURL(new Blob([dig('/blob-worker')])));
new Worker('data:text/javascript,' + encodeURIComponent(dig('/data-worker')));
new Worker(URL.createObjectURL(new Blob(["new Worker(URL.createObjectURL(new Blob([" + JSON.stringify(dig('/nested-worker')) + "])))"])));
try { new SharedWorker('/shared.js'); } catch {}
try { navigator.serviceWorker.register('/service.js'); } catch {}
try { fetchLater('/later', { method: 'POST' }); } catch {}
const socket = new WebSocket('wss://app.example.com/socket');
const open = new Promise((resolve) => { socket.onopen = () => { socket.send('x'); socket.send(new Uint8Array(2)); resolve(); }; });
addEventListener('pagehide', () => { navigator.sendBeacon('/bye-beacon', 'x'); fetch('/bye-fetch', { method: 'POST', keepalive: true }); fetch('/bye', { keepalive: true }); });
document.getElementById('framed').submit();
Promise.all([...all, open]).then((answers) => { document.getElementById('done').textContent = 'refused ' + answers.filter((answer) => answer === 'refused').length; if (!location.search) setTimeout(() => document.getElementById('form').submit(), 30); });
</script>`;
const WORKER = `fetch('/worker', { method: 'POST' }); const s = new WebSocket('wss://app.example.com/worker'); s.onopen = () => s.send('x');`;
const READER = `<h1>Board</h1><p id="done"></p><script>
const post = (path, body) => fetch(path, { method: 'POST', headers: ${JSON_TYPE}, body: JSON.stringify(body) });
const socket = new WebSocket('wss://app.example.com/live'); const open = new Promise((resolve) => { socket.onopen = () => { socket.send('subscribe'); resolve(); }; });
Promise.all([post('/graphql', { query: 'query A { a { ...F } } fragment F on A { b }' }), post('/graphql', [{ query: '{ a }' }, { query: '{ b }' }]), post('/query', { q: 1 }), open])
  .then(() => { document.getElementById('done').textContent = 'all passed'; });
</script>`;

describe.each([
  ['frames in the process of their page', []],
  ['frames of other sites in processes of their own', ['--site-per-process']],
])('a read-only capture, with %s', (_name, flags) => {
  let site: TestSite;
  const writes = () =>
    site.seen.filter(({ method }) => !['GET', 'HEAD', 'OPTIONS'].includes(method)).map(({ method, path }) => `${method} ${path}`);

  beforeAll(async () => {
    const script = (body: string) => ({ headers: { 'content-type': 'text/javascript' }, body });
    site = await startTestSite(
      ({ method, path }) => {
        if (method === 'OPTIONS') return { status: 204, headers: CORS };
        if (method === 'POST' && path === '/form') return html('<h1>Saved</h1>');
        if (path === '/worker.js') return script(WORKER);
        if (path === '/shared.js' || path === '/service.js') return script(`fetch('/by${path}', { method: 'POST' });`);
        if (path === '/frame')
          return html(
            `<script>fetch('/by-frame', { method: 'POST' }); new Worker('/worker.js');</script><iframe src="https://bi.example.org/deep"></iframe>`,
          );
        if (path === '/deep') return html(`<script>fetch('/by-deep-frame', { method: 'POST' });</script>`);
        if (path === '/read') return html(READER);
        if (path === '/after') return html('<h1>After</h1>');
        return html(WRITER);
      },
      { flags, onUpgrade: accept },
    );
  });
  afterAll(() => site.close());
  beforeEach(() => {
    site.seen.length = 0;
    messages.length = 0;
  });

  it('lets nothing be written, and lists what was kept from being sent', async () => {
    const result = await site.capture({
      url: `${APP}/`,
      readOnly: true,
      waitFor: { text: 'refused 10' },
      delay: 500,
      actions: [{ type: 'click', selector: '#ping' }],
    });
    expect(result).toMatchObject({ ok: true });
    expect(writes()).toEqual([]);
    expect(site.seen.map(({ path }) => path)).not.toContain('/override');
    expect(messages).toEqual([]);
    const blocked = (result.observed.controls?.readOnly?.blocked ?? []).map(
      ({ method, kind, url, count }) => `${method} ${kind} ${url} ${count}`,
    );
    const listed = [
      ...[
        'POST fetch /fetch 1',
        'PUT fetch /put?… 1',
        'DELETE fetch /delete 1',
        'POST fetch /keepalive 1',
        'GET fetch /override 1',
        'POST fetch /graphql 4',
      ],
      ...[
        'POST fetch /xhr 1',
        'POST beacon /beacon 1',
        'POST ping /ping 1',
        'POST form /form 1',
        'POST form /form-framed 1',
        'POST fetch /srcdoc 1',
      ],
      ...['POST fetch /worker 1', 'POST fetch /blob-worker 1', 'POST fetch /data-worker 1'],
    ].map((line) => line.replace(' /', ` ${APP}/`));
    const foreign = [
      'PATCH fetch https://api.example.com/cross 1',
      'POST fetch https://api.example.com/by-frame 1',
      'POST fetch https://bi.example.org/by-deep-frame 1',
    ];
    expect(blocked).toEqual(expect.arrayContaining([...listed, ...foreign, 'SEND websocket wss://app.example.com/socket 2']));
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  it('lets nothing be written by a page that is left', async () => {
    const actions = [
      { type: 'waitForSelector' as const, selector: 'text=refused 10' },
      { type: 'goto' as const, url: '/after' },
    ];
    const result = await site.capture({ url: `${APP}/`, readOnly: true, actions });
    expect(result).toMatchObject({ ok: true, observed: { finalUrl: `${APP}/after` } });
    // The page's last request may be answered after it is gone; once it is here, those before it would be too.
    await expect.poll(() => site.seen.map(({ path }) => path)).toContain('/bye');
    expect(writes()).toEqual([]);
    const blocked = result.observed.controls?.readOnly?.blocked.map(({ kind, url }) => `${kind} ${url}`);
    expect(blocked).toEqual(expect.arrayContaining([`beacon ${APP}/bye-beacon`, `fetch ${APP}/bye-fetch`]));
  });

  it('lets queries pass: GraphQL by its text, others by the allow list, sockets too', async () => {
    const readOnly = { allow: ['**/query', 'wss://app.example.com/live'] };
    const result = await site.capture({ url: `${APP}/read`, readOnly, waitFor: { text: 'all passed' } });
    expect(result).toMatchObject({ ok: true, observed: { controls: { readOnly: { blocked: [] } } } });
    expect(writes().sort()).toEqual(['POST /graphql', 'POST /graphql', 'POST /query']);
    expect(messages).toEqual(['/live']);
  });

  it('writes when it is not asked to keep from it', async () => {
    const result = await site.capture({ url: `${APP}/?stay`, delay: 2000, timeouts: { readiness: 3000 }, onTimeout: 'capture' });
    expect(result.observed.controls).toBeNull();
    expect(writes()).toEqual(
      expect.arrayContaining([
        'POST /fetch',
        'POST /beacon',
        'POST /worker',
        'POST /by-frame',
        'POST /by-deep-frame',
        'POST /by/shared.js',
      ]),
    );
    expect(messages).toEqual(expect.arrayContaining(['/socket', '/worker', '/blob-worker']));
  });
});
