import type { PeerCase } from '../peer-case.ts';
import { bare, ONE, PDF } from './pages.ts';

const STATE_FILE = 'tests/library/browsercontext-storage-state.spec.ts';
const LOGIN_FILE = 'tests/library/browsercontext-credentials.spec.ts';
const COOKIE_FILE = 'tests/library/browsercontext-add-cookies.spec.ts';
const HEADER_FILE = 'tests/page/page-set-extra-http-headers.spec.ts';
const pdf = (auth: Record<string, unknown>, more: Record<string, unknown> = {}) => ({ auth, output: PDF, ...more });
const say = (expression: string) =>
  bare(`<p id="p"></p><script>document.querySelector('#p').textContent = 'said ' + (${expression})</script>`);
const state = (parts: Record<string, unknown>) => ({ storageState: { cookies: [], origins: [], ...parts } });
const STORED = state({ origins: [{ origin: 'https://{host}:{port}', localStorage: [{ name: 'token', value: 'one' }] }] });
const BASIC = { '/': { basic: ['user', 'pass'] as const, body: ONE } };
const cookie = (more: Record<string, unknown>) => ({ cookies: [{ name: 'a', value: 'b', ...more }] });
const sent = (value: string | null, path = '/') => ({ received: [{ path, header: 'cookie', value }] });
const DATABASE = {
  name: 'db',
  version: 1,
  stores: [{ name: 'store', autoIncrement: false, keyPathArray: undefined, indexes: [], records: [{ key: 'k', value: 'from the state' }] }],
};
const FRAME = bare('<iframe src="{api}/in" width="500" height="200"></iframe>');

export const playwrightSession: readonly PeerCase[] = [
  {
    id: 'pw-state',
    from: [STATE_FILE, 54],
    says: 'The first script of the page sees the localStorage of the state',
    page: say('localStorage.token'),
    request: pdf(STORED),
    expect: { text: ['said one'] },
  },
  {
    id: 'pw-state-bad-origin',
    from: [STATE_FILE, 100],
    says: 'An origin that is no URL is named, not passed over',
    page: ONE,
    request: pdf(state({ origins: [{ origin: 'foo', localStorage: [{ name: 'a', value: 'b' }] }] })),
    expect: { text: ['Page 1'], rejected: ['origin'] },
  },
  {
    id: 'pw-state-cookies',
    from: [STATE_FILE, 203],
    says: 'Cookies of the state are sent, those of scripts and those of the site alike',
    page: ONE,
    request: pdf(
      state({
        cookies: [{ name: 'a', value: 'b', domain: '{host}', path: '/', expires: -1, httpOnly: true, secure: false, sameSite: 'Lax' }],
      }),
    ),
    expect: sent('a=b'),
  },
  {
    id: 'pw-state-quiet',
    from: [STATE_FILE, 241],
    says: 'Storage is set without a visit that the site could see',
    page: say('localStorage.token'),
    request: pdf(STORED),
    expect: { asked: { '/': 1 } },
  },
  {
    id: 'pw-state-once',
    from: [STATE_FILE, 262],
    says: 'What the page has changed is not set back when it loads again',
    page: bare(
      `<p id="p"></p><script>if (localStorage.token === 'one') { localStorage.token = 'two'; location.reload() } else document.querySelector('#p').textContent = 'said ' + localStorage.token</script>`,
    ),
    request: pdf(STORED),
    expect: { text: ['said two'], asked: { '/': 2 } },
  },
  {
    id: 'pw-state-third-party',
    from: [STATE_FILE, 375],
    says: 'A frame of another site sees the storage of its own origin',
    page: FRAME,
    serve: { '/in': { body: say('localStorage.token') } },
    request: pdf(state({ origins: [{ origin: 'https://{apiHost}:{port}', localStorage: [{ name: 'token', value: 'theirs' }] }] })),
    expect: { text: ['said theirs'] },
  },
  {
    id: 'pw-state-database',
    from: [STATE_FILE, 415],
    says: 'IndexedDB of the state is there',
    page: bare(
      `<p id="p"></p><script>indexedDB.open('db').onsuccess = (event) => { const got = event.target.result.transaction('store').objectStore('store').get('k'); got.onsuccess = () => { document.querySelector('#p').textContent = 'said ' + got.result } }</script>`,
    ),
    request: pdf(state({ origins: [{ origin: 'https://{host}:{port}', localStorage: [], indexedDB: [DATABASE] }] })),
    expect: { text: ['said from the state'] },
  },
  {
    id: 'pw-state-empty-database',
    from: [STATE_FILE, 521],
    says: 'A state with an empty database is taken',
    page: ONE,
    request: pdf(
      state({ origins: [{ origin: 'https://{host}:{port}', localStorage: [], indexedDB: [{ name: 'db', version: 1, stores: [] }] }] }),
    ),
    expect: { text: ['Page 1'] },
  },
  {
    id: 'pw-login-none',
    from: [LOGIN_FILE, 26],
    says: 'Without credentials the page is not got',
    serve: BASIC,
    request: { output: PDF },
    expect: { failed: 'login_wall', httpStatus: 401 },
  },
  {
    id: 'pw-login',
    from: [LOGIN_FILE, 70],
    says: 'With the right ones it is',
    serve: BASIC,
    request: pdf({ httpCredentials: { username: 'user', password: 'pass' } }),
    expect: { httpStatus: 200 },
  },
  {
    id: 'pw-login-wrong',
    from: [LOGIN_FILE, 81],
    says: 'With wrong ones it is not',
    serve: BASIC,
    request: pdf({ httpCredentials: { username: 'foo', password: 'bar' } }),
    expect: { failed: 'login_wall', httpStatus: 401 },
  },
  {
    id: 'pw-login-body',
    from: [LOGIN_FILE, 92],
    says: 'What lies behind is in the result',
    serve: BASIC,
    request: pdf({ httpCredentials: { username: 'user', password: 'pass' } }),
    expect: { text: ['Page 1'] },
  },
  {
    id: 'pw-login-several',
    from: [LOGIN_FILE, 116],
    says: 'Several origins can have credentials of their own',
    serve: BASIC,
    request: pdf({ httpCredentials: [{ username: 'user', password: 'pass', origin: 'https://{host}:{port}' }] }),
    expect: { text: ['Page 1'] },
    miss: 'a capture carries one pair of credentials, for one origin',
  },
  {
    id: 'pw-login-origin',
    from: [LOGIN_FILE, 164],
    says: 'Credentials for the origin that asks are used',
    serve: BASIC,
    request: pdf({ httpCredentials: { username: 'user', password: 'pass', origin: 'https://{host}:{port}' } }),
    expect: { text: ['Page 1'] },
    needs: 'auth.httpCredentials.origin',
  },
  {
    id: 'pw-login-origin-case',
    from: [LOGIN_FILE, 175],
    says: 'whether its name is in capitals or not',
    serve: BASIC,
    request: pdf({ httpCredentials: { username: 'user', password: 'pass', origin: 'https://APP.LOCALHOST:{port}' } }),
    expect: { text: ['Page 1'] },
    needs: 'auth.httpCredentials.origin',
  },
  {
    id: 'pw-login-host',
    from: [LOGIN_FILE, 200],
    says: 'Credentials for another host are not',
    serve: BASIC,
    request: pdf({ httpCredentials: { username: 'user', password: 'pass', origin: 'https://{apiHost}:{port}' } }),
    expect: { failed: 'login_wall' },
    needs: 'auth.httpCredentials.origin',
  },
  {
    id: 'pw-login-scheme',
    from: [LOGIN_FILE, 186],
    says: 'Credentials for another scheme are never sent (here refused at once)',
    request: pdf({ httpCredentials: { username: 'user', password: 'pass', origin: 'http://{host}:{port}' } }),
    expect: { refused: { status: 422 } },
    needs: 'auth.httpCredentials.origin',
  },
  {
    id: 'pw-login-port',
    from: [LOGIN_FILE, 216],
    says: 'Credentials for another port are never sent (here refused at once: the port is not allowed)',
    request: pdf({ httpCredentials: { username: 'user', password: 'pass', origin: 'https://{host}:1' } }),
    expect: { refused: { status: 422 } },
    needs: 'auth.httpCredentials.origin',
  },
  {
    id: 'pw-login-own',
    from: [LOGIN_FILE, 231],
    says: 'An Authorization header that the page sets itself is left alone',
    page: bare('<script>fetch("{site}/api", { headers: { authorization: "Bearer own" } })</script>'),
    serve: { '/api': { body: 'x' } },
    request: pdf({ httpCredentials: { username: 'user', password: 'pass' } }),
    expect: { received: [{ path: '/api', header: 'authorization', value: 'Bearer own' }] },
  },
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
    request: { headers: { foo: 'bar' }, output: PDF },
    expect: { received: [{ header: 'foo', value: 'bar' }] },
  },
  {
    id: 'pw-header-redirect',
    from: [HEADER_FILE, 32],
    says: 'It is sent after a redirect as well',
    page: ONE,
    serve: { '/from': { status: 302, headers: { location: '{site}/' } } },
    request: { url: '{site}/from', headers: { foo: 'bar' }, output: PDF },
    expect: {
      received: [
        { path: '/from', header: 'foo', value: 'bar' },
        { header: 'foo', value: 'bar' },
      ],
    },
  },
  {
    id: 'pw-header-number',
    from: [HEADER_FILE, 55],
    says: 'A value that is no text is refused',
    request: { headers: { foo: 1 }, output: PDF },
    expect: { refused: { status: 422, path: 'headers.foo' } },
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
