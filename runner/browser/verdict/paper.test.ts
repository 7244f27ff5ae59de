import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

/** Pages that are one thing on the screen and another on paper. */
const APP = 'https://app.example.com';
const AUTH = { cookies: [{ name: 'session_id', value: 'v', httpOnly: true }], verify: { selector: '#user' } };
const page = (paper: string, more = '') =>
  `<title>Report</title><style>.paper{display:none}@media print{.app,#user{display:none}.paper{display:block}}</style><header id="user" class="app">Ann <a href="/logout">Sign out</a></header><main class="app"><h1>Report</h1><table><tr><td>1</td></tr></table></main><div class="paper">${paper}</div>${more}`;
const FORM = '<h1>Sign in</h1><form><input name="email" type="email"><input type="password"><button>Sign in</button></form>';
const LONG = '<p>Figures of the quarter, by region and by product, with what was planned for them.</p>'.repeat(20);
const strip = (paper: string) =>
  `<title>Stock</title><style>body{margin:0}.bar{height:64px}.paper{display:none}.app,.paper{height:100px;overflow:hidden}@media print{.app{display:none}.paper{display:block}}</style><div class="bar"><span id="user">Ann</span></div><div class="app"><h1>Stock</h1><p>Nothing is to be ordered today.</p></div><div class="paper">${paper}</div>`;
const rewritten = (count: number) =>
  `<title>Report</title><style>html,body{margin:0;height:100%}#app{height:100%;overflow:hidden}</style><main id="app"></main><script>
  const app = document.getElementById('app');
  const use = () => { app.innerHTML = '<span id="user" style="position:absolute;left:10px">Ann</span>' + 'Figures of the quarter. '.repeat(${count}); };
  use();
  onbeforeprint = () => { app.innerHTML = '<b>Your session has expired.</b> Please sign in again.'; };
  onafterprint = use;</script>`;
const PAGES: Record<string, string> = {
  '/form': page(FORM),
  '/over': page('<h1>Your session has expired</h1><p>Please sign in again.</p>'),
  '/told': page(
    '<div id="later"></div>',
    `<script>addEventListener('beforeprint', () => { document.getElementById('later').innerHTML = '${FORM}'; });</script>`,
  ),
  '/gone': page('<h1>404 Not Found</h1><p>There is no such report.</p>'),
  '/denied': page('<h1>Access denied</h1><p>You may not see this report.</p>'),
  '/offer': page('<p>Ticket 42, row 7, seat 3.</p><a href="/login">Sign in</a>'),
  '/list': page(`<h1>Page not found</h1>${'<p>A chapter about the answers of web servers and when they are given.</p>'.repeat(20)}`),
  '/bare': page(''),
  '/between': strip(FORM),
  '/over-between': strip('<h1>Your session has expired</h1>'),
  '/rewritten': rewritten(200),
  '/rewritten-short': rewritten(1),
  '/unasked': page(FORM, '<script>window.Map = undefined</script>'),
  '/emptied': page(FORM, '<script>Object.keys = () => []</script>'),
  '/settings': page('<h1>Report</h1>', `<section>${FORM.replaceAll('Sign in', 'Change password')}</section>${LONG}`),
  '/public': page('<h1>Report</h1><p>Figures of the quarter.</p>', '<a href="/login">Sign in</a>'),
};
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => html(PAGES[path] ?? ''));
});
afterAll(() => site.close());

const pdf = (path: string, more = {}) => site.capture({ url: APP + path, auth: AUTH, output: { format: 'pdf', pdf: more } });

describe('a PDF whose paper shows what the screen does not', () => {
  it.each([
    ['/form', 'login_wall', 'login_wall'],
    ['/over', 'login_wall', 'login_wall'],
    ['/told', 'login_wall', 'login_wall'],
    ['/gone', 'target_http_error', 'error_page'],
    ['/denied', 'access_denied', 'denied'],
    ['/between', 'login_wall', 'login_wall'],
    ['/over-between', 'login_wall', 'login_wall'],
    ['/rewritten', 'login_wall', 'login_wall'],
    ['/unasked', 'login_wall', 'login_wall'],
    ['/emptied', 'login_wall', 'login_wall'],
  ] as const)('is refused, and nothing is kept: %s', async (path, code, verdict) => {
    const before = await readdir(site.spoolDir);
    for (const more of [{}, { singlePage: true }])
      expect(await pdf(path, more)).toMatchObject({ ok: false, failure: { code }, observed: { verdict } });
    expect(await readdir(site.spoolDir)).toEqual(before);
    const picture = await site.capture({ url: APP + path, auth: AUTH });
    expect(picture).toMatchObject({ ok: true, observed: { verdict: 'authenticated' } });
  });

  it.each(['/rewritten', '/rewritten-short'])('is refused in every medium: %s', async (path) => {
    for (const more of [{ media: 'screen' as const }, { media: 'print' as const }])
      expect(await site.capture({ url: APP + path, auth: AUTH, output: { format: 'pdf' }, ...more })).toMatchObject({
        ok: false,
        failure: { code: 'login_wall' },
      });
  });

  it.each(['/bare', '/settings', '/public', '/list', '/offer'])('is taken where it is less of the same page: %s', async (path) => {
    expect(await pdf(path)).toMatchObject({ ok: true, observed: { verdict: 'authenticated' } });
  });
});
