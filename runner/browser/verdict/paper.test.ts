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
const PAGES: Record<string, string> = {
  '/form': page(FORM),
  '/over': page('<h1>Your session has expired</h1><p>Please sign in again.</p>'),
  '/told': page(
    '<div id="later"></div>',
    `<script>addEventListener('beforeprint', () => { document.getElementById('later').innerHTML = '${FORM}'; });</script>`,
  ),
  '/gone': page('<h1>404 Not Found</h1><p>There is no such report.</p>'),
  '/list': page(`<h1>Page not found</h1>${'<p>A chapter about the answers of web servers and when they are given.</p>'.repeat(20)}`),
  '/bare': page(''),
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
  ] as const)('is refused, and nothing is kept: %s', async (path, code, verdict) => {
    const before = await readdir(site.spoolDir);
    for (const more of [{}, { singlePage: true }])
      expect(await pdf(path, more)).toMatchObject({ ok: false, failure: { code }, observed: { verdict } });
    expect(await readdir(site.spoolDir)).toEqual(before);
    const picture = await site.capture({ url: APP + path, auth: AUTH });
    expect(picture).toMatchObject({ ok: true, observed: { verdict: 'authenticated' } });
  });

  it.each(['/bare', '/settings', '/public', '/list'])('is taken where it is less of the same page: %s', async (path) => {
    expect(await pdf(path)).toMatchObject({ ok: true, observed: { verdict: 'authenticated' } });
  });
});
