import type { PeerCase } from '../peer-case.ts';
import { bare, ONE, PDF } from './pages.ts';

const COOKIE_FILE = 'tests/library/browsercontext-add-cookies.spec.ts';
const HEADER_FILE = 'tests/page/page-set-extra-http-headers.spec.ts';
const pdf = (auth: Record<string, unknown>, more: Record<string, unknown> = {}) => ({ auth, output: PDF, ...more });
const say = (expression: string) =>
  bare(`<p id="p"></p><script>document.querySelector('#p').textContent = 'said ' + (${expression})</script>`);
const cookie = (more: Record<string, unknown>) => ({ cookies: [{ name: 'a', value: 'b', ...more }] });
const sent = (value: string | null, path = '/') => ({ received: [{ path, header: 'cookie', value }] });
const FRAME = bare('<iframe src="{api}/in" width="500" height="200"></iframe>');

export const playwrightCookies: readonly PeerCase[] = [
  {
    id: 'pw-cookie',
    from: [COOKIE_FILE, 22],
    says: 'A cookie is seen by scripts',
    page: say('document.cookie'),
    request: pdf(cookie({})),
    expect: { text: ['said a=b'] },
  },
  {
    id: 'pw-cookie-session',
    from: [COOKIE_FILE, 32],
    says: 'An expiry of -1 is a cookie of the session',
    page: ONE,
    request: pdf(cookie({ expires: -1 })),
    expect: sent('a=b'),
  },
  {
    id: 'pw-cookie-empty',
    from: [COOKIE_FILE, 50],
    says: 'A cookie may have an empty value',
    page: ONE,
    request: pdf(cookie({ value: '' })),
    expect: sent('a='),
  },
  ...(['Strict', 'Lax'] as const).map(
    (sameSite): PeerCase => ({
      id: `pw-cookie-${sameSite.toLowerCase()}`,
      from: [COOKIE_FILE, 68],
      says: `SameSite=${sameSite} without Secure is taken`,
      page: ONE,
      request: pdf(cookie({ sameSite, secure: false })),
      expect: sent('a=b'),
    }),
  ),
  {
    id: 'pw-cookie-none',
    from: [COOKIE_FILE, 68],
    says: 'SameSite=None without Secure is refused, as Chromium would',
    request: pdf(cookie({ sameSite: 'None', secure: false })),
    expect: { refused: { status: 422, path: 'auth.cookies[0].sameSite' } },
  },
  {
    id: 'pw-cookie-sent',
    from: [COOKIE_FILE, 153],
    says: 'A cookie is sent in the header',
    page: ONE,
    request: pdf(cookie({ value: 'one' })),
    expect: sent('a=one'),
  },
  {
    id: 'pw-cookie-isolated',
    from: [COOKIE_FILE, 165],
    says: 'A capture does not see the cookies of another',
    page: bare(
      '<p id="p"></p><script>document.querySelector("#p").textContent = "said " + (document.cookie || "nothing"); document.cookie = "left=behind; max-age=3600; path=/"</script>',
    ),
    request: { output: PDF },
    times: 2,
    expect: { text: ['said nothing'] },
  },
  {
    id: 'pw-cookie-isolated-site',
    from: [COOKIE_FILE, 207],
    says: 'Nor those that the site has set for long',
    serve: { '/': { headers: { 'set-cookie': 'kept=long; Max-Age=86400; Path=/' }, showCookies: true } },
    request: { output: PDF },
    times: 2,
    expect: { text: ['cookies: none'] },
  },
  {
    id: 'pw-cookies',
    from: [COOKIE_FILE, 263],
    says: 'Several cookies are sent',
    serve: { '/': { showCookies: true } },
    request: pdf({ cookies: ['a', 'b', 'c'].map((name) => ({ name, value: `${name}1` })) }),
    expect: { text: ['a=a1; b=b1; c=c1'] },
  },
  {
    id: 'pw-cookie-path',
    from: [COOKIE_FILE, 312],
    says: 'A cookie for a path is sent there alone',
    page: bare('<img src="{site}/in/x">'),
    serve: { '/in/x': { body: 'x' } },
    request: pdf(cookie({ path: '/pw-cookie-path/in' })),
    expect: {
      received: [
        { header: 'cookie', value: null },
        { path: '/in/x', header: 'cookie', value: 'a=b' },
      ],
    },
  },
  {
    id: 'pw-cookie-defaults',
    from: [COOKIE_FILE, 293],
    says: 'Name and value are enough: host, path and the rest have good defaults',
    page: ONE,
    request: pdf(cookie({})),
    expect: sent('a=b'),
  },
  {
    id: 'pw-cookie-other',
    from: [COOKIE_FILE, 387],
    says: 'A cookie for another allowed host is sent there and not to the target',
    page: bare('<img src="{api}/x">'),
    serve: { '/x': { body: 'x' } },
    request: pdf(cookie({ domain: '{apiHost}', sameSite: 'None', secure: true })),
    expect: {
      received: [
        { header: 'cookie', value: null },
        { host: 'api', path: '/x', header: 'cookie', value: 'a=b' },
      ],
    },
  },
  {
    id: 'pw-cookie-frame',
    from: [COOKIE_FILE, 408],
    says: 'A frame has its cookies',
    page: FRAME,
    serve: { '/in': { showCookies: true } },
    request: pdf(cookie({ domain: '{apiHost}', sameSite: 'None', secure: true })),
    expect: { text: ['cookies: a=b'] },
  },
  {
    id: 'pw-cookie-unnamed',
    from: [COOKIE_FILE, 426],
    says: 'A cookie may have a value and no name',
    page: ONE,
    request: pdf(cookie({ name: '', value: 'alone' })),
    expect: sent('alone'),
  },
  {
    id: 'pw-header',
    from: [HEADER_FILE, 20],
    says: 'An extra header is sent',
    page: ONE,
    request: { headers: { 'x-one': 'two' }, output: PDF },
    expect: { received: [{ header: 'x-one', value: 'two' }] },
  },
  {
    id: 'pw-header-redirect',
    from: [HEADER_FILE, 32],
    says: 'It is sent after a redirect as well',
    page: ONE,
    serve: { '/from': { status: 302, headers: { location: '{site}/' } } },
    request: { url: '{site}/from', headers: { 'x-one': 'two' }, output: PDF },
    expect: {
      received: [
        { path: '/from', header: 'x-one', value: 'two' },
        { header: 'x-one', value: 'two' },
      ],
    },
  },
  {
    id: 'pw-header-number',
    from: [HEADER_FILE, 55],
    says: 'A value that is no text is refused',
    request: { headers: { 'x-one': 1 }, output: PDF },
    expect: { refused: { status: 422, path: 'headers.x-one' } },
  },
  {
    id: 'pw-header-referer',
    from: [HEADER_FILE, 64],
    says: 'A referrer is sent once',
    page: ONE,
    request: { headers: { referer: 'https://example.com/' }, output: PDF },
    expect: { received: [{ header: 'referer', value: 'https://example.com/' }] },
  },
];
