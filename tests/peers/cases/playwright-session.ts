import type { PeerCase } from '../peer-case.ts';
import { bare, ONE, PDF } from './pages.ts';

const STATE_FILE = 'tests/library/browsercontext-storage-state.spec.ts';
const LOGIN_FILE = 'tests/library/browsercontext-credentials.spec.ts';
const pdf = (auth: Record<string, unknown>, more: Record<string, unknown> = {}) => ({ auth, output: PDF, ...more });
const say = (expression: string) =>
  bare(`<p id="p"></p><script>document.querySelector('#p').textContent = 'said ' + (${expression})</script>`);
const state = (parts: Record<string, unknown>) => ({ storageState: { cookies: [], origins: [], ...parts } });
const STORED = state({ origins: [{ origin: 'https://{host}:{port}', localStorage: [{ name: 'token', value: 'one' }] }] });
const BASIC = { '/': { basic: ['user', 'pass'] as const, body: ONE } };
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
    request: pdf(state({ origins: [{ origin: 'no origin', localStorage: [{ name: 'a', value: 'b' }] }] })),
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
    request: pdf({ httpCredentials: { username: 'ann', password: 'wrong' } }),
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
];
