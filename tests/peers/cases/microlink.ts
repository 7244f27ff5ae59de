import type { PeerCase } from '../peer-case.ts';
import { bare, box, GREEN, PDF, RED, SMALL } from './pages.ts';

const GOTO_FILE = 'packages/goto/test/index.js';
const HEADERS_FILE = 'packages/goto/test/unit/headers/index.js';
const AUTO_FILE = 'packages/goto/test/unit/wait-until-auto.js';
const DISMISS_FILE = 'packages/goto/test/unit/dismiss/index.js';
const small = { viewport: SMALL };
const IMAGE = (color: string) => ({
  headers: { 'content-type': 'image/svg+xml' },
  body: `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><rect width="100" height="100" fill="${color}"/></svg>`,
});
const DATA = { '/data': { delayMs: 400, body: 'all here' } };
const POPUP = (body: string) => bare(`${box(GREEN)}<div role="dialog" style="position:fixed;inset:0;background:red">${body}</div>`);
const READ = bare(
  `<p id="result">waiting</p><script>fetch('{site}/data').then((answer) => answer.text()).then((text) => { document.querySelector('#result').textContent = text })</script>`,
);

export const microlink: readonly PeerCase[] = [
  {
    id: 'ml-script',
    from: [GOTO_FILE, 6],
    says: 'A script of the caller runs in the page',
    page: bare(box(GREEN)),
    request: { ...small, scripts: ["document.querySelector('div').style.background = '#ff0000'"] },
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'ml-module',
    from: [GOTO_FILE, 18],
    says: 'A module at a URL is loaded into the page',
    page: bare(box(GREEN)),
    serve: {
      '/m.js': { headers: { 'content-type': 'text/javascript' }, body: "document.querySelector('div').style.background = '#ff0000'" },
    },
    request: { ...small, scripts: ["await import('{site}/m.js')"] },
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'ml-style',
    from: [GOTO_FILE, 30],
    says: 'A style of the caller applies',
    page: bare(box(GREEN)),
    request: { ...small, styles: ['div{background:#ff0000 !important}'] },
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'ml-auto',
    from: [GOTO_FILE, 65],
    says: 'The default wait sees what the page fetches',
    page: READ,
    serve: DATA,
    request: { output: PDF },
    expect: { text: ['all here'], notText: ['waiting'] },
  },
  {
    id: 'ml-history',
    from: [GOTO_FILE, 93],
    says: 'Waiting leaves no trace in the history of the tab',
    page: bare(
      '<p id="p"></p><script>setTimeout(() => { document.querySelector("#p").textContent = "entries " + history.length }, 300)</script>',
    ),
    request: { waitFor: { text: 'entries' }, output: PDF },
    expect: { text: ['entries 2'] },
  },
  {
    id: 'ml-hanging',
    from: [GOTO_FILE, 114],
    says: 'A page that never answers ends in time, with an error',
    serve: { '/': { hang: 'at once' } },
    request: { timeouts: { navigation: 700 } },
    expect: { failed: 'navigation_timeout' },
  },
  {
    id: 'ml-no-status',
    from: [GOTO_FILE, 125],
    says: 'Then there is no status to tell',
    serve: { '/': { hang: 'at once' } },
    request: { timeouts: { navigation: 500 } },
    expect: { failed: 'navigation_timeout', httpStatus: null },
  },
  {
    id: 'ml-abort-types',
    from: [GOTO_FILE, 144],
    says: 'Requests can be blocked by their kind',
    page: bare(`${box(GREEN)}<img src="{site}/asset.svg">`),
    serve: { '/asset.svg': IMAGE('red') },
    request: { ...small, block: { resourceTypes: ['image'] } },
    expect: { colors: [[50, 50, GREEN]], asked: { '/asset.svg': 0 } },
    needs: 'block.resourceTypes',
  },
  {
    id: 'ml-abort-scope',
    from: [GOTO_FILE, 171],
    says: 'What one capture blocks is not blocked in another',
    page: bare('<img src="{site}/asset.svg">'),
    serve: { '/asset.svg': IMAGE('#ff0000') },
    request: small,
    expect: { colors: [[50, 50, RED]], asked: { '/asset.svg': 1 } },
  },
  {
    id: 'ml-two-waits',
    from: [GOTO_FILE, 318],
    says: 'A wait for an element and one for a function go together',
    page: bare(
      `<script>setTimeout(() => { document.body.innerHTML = '<div id="a">one</div>' }, 500); setTimeout(() => { window.ready = true; document.body.innerHTML += 'two' }, 1000)</script>`,
    ),
    request: { waitUntil: 'load', waitFor: [{ selector: '#a' }, { function: 'window.ready' }], output: PDF },
    expect: { text: ['one', 'two'] },
  },
  {
    id: 'ml-header',
    from: [HEADERS_FILE, 36],
    says: 'Extra headers are sent',
    page: bare(''),
    request: { headers: { 'x-one': 'two' } },
    expect: { received: [{ header: 'x-one', value: 'two' }] },
  },
  {
    id: 'ml-agent',
    from: [HEADERS_FILE, 50],
    says: 'The user agent is set as such, for scripts and for the site',
    page: bare('<p id="p"></p><script>document.querySelector("#p").textContent = "agent " + navigator.userAgent</script>'),
    request: { userAgent: 'peers-agent', output: PDF },
    expect: { text: ['agent peers-agent'], received: [{ header: 'user-agent', value: 'peers-agent' }] },
  },
  {
    id: 'ml-cookie',
    from: [HEADERS_FILE, 99],
    says: 'Cookies are set as cookies',
    page: bare('<p id="p"></p><script>document.querySelector("#p").textContent = "jar " + document.cookie</script>'),
    request: {
      auth: {
        cookies: [
          { name: 'a', value: '1' },
          { name: 'b', value: '2' },
        ],
      },
      output: PDF,
    },
    expect: { text: ['jar a=1; b=2'] },
  },
  {
    id: 'ml-cookie-header',
    from: [HEADERS_FILE, 114],
    says: 'A cookie is never forwarded as an extra header (here refused, naming the remedy)',
    request: { headers: { cookie: 'a=1' } },
    expect: { refused: { status: 422, path: 'headers.cookie', says: 'auth.cookies' } },
  },
  {
    id: 'ml-cross-origin',
    from: [HEADERS_FILE, 182],
    says: 'Extra headers do not go to other origins',
    page: bare('<img src="{api}/x">'),
    serve: { '/x': IMAGE('red') },
    request: { headers: { 'x-one': 'two' } },
    expect: {
      received: [
        { header: 'x-one', value: 'two' },
        { host: 'api', path: '/x', header: 'x-one', value: null },
      ],
    },
  },
  {
    id: 'ml-cookie-cross',
    from: [HEADERS_FILE, 231],
    says: 'Neither do cookies',
    page: bare('<img src="{api}/x">'),
    serve: { '/x': IMAGE('red') },
    request: { auth: { cookies: [{ name: 'a', value: '1' }] } },
    expect: {
      received: [
        { header: 'cookie', value: 'a=1' },
        { host: 'api', path: '/x', header: 'cookie', value: null },
      ],
    },
  },
  {
    id: 'ml-auto-limit',
    from: [AUTO_FILE, 23],
    says: 'The default wait ends at its limit; on request with a picture all the same, marked as partial',
    page: bare(`${box(RED)}<div aria-busy="true" style="height:300px">loading</div>`),
    request: { viewport: { width: 100, height: 300 }, timeouts: { readiness: 1500 }, onTimeout: 'capture' },
    expect: { partial: true, colors: [[50, 50, RED]] },
  },
  {
    id: 'ml-auto-idle',
    from: [AUTO_FILE, 34],
    says: 'It ends when the network is idle',
    page: READ,
    serve: { '/data': { delayMs: 1200, body: 'all here' } },
    request: { output: PDF },
    expect: { text: ['all here'] },
  },
  {
    id: 'ml-auto-other',
    from: [AUTO_FILE, 45],
    says: 'Another wait can be chosen',
    page: READ,
    serve: { '/data': { delayMs: 3000, body: 'all here' } },
    request: { waitUntil: 'domcontentloaded', output: PDF },
    expect: { text: ['waiting'] },
  },
  {
    id: 'ml-dialog-alone',
    from: [DISMISS_FILE, 104],
    says: 'A dialog without a button to close it stays',
    page: POPUP('just a text'),
    request: small,
    expect: { colors: [[90, 90, RED]] },
  },
  {
    id: 'ml-dialog-form',
    from: [DISMISS_FILE, 129],
    says: 'A dialog with a form is not sent off',
    page: POPUP('<form><input><button>OK</button></form>'),
    request: small,
    expect: { colors: [[90, 90, RED]] },
  },
  {
    id: 'ml-dialog-off',
    from: [DISMISS_FILE, 156],
    says: 'Nothing is closed where that was not asked for',
    page: POPUP('<button>Got it</button>'),
    request: small,
    expect: { colors: [[90, 90, RED]] },
  },
  {
    id: 'ml-dialog-close',
    from: [DISMISS_FILE, 32],
    says: 'An announcement with a button to acknowledge it is closed',
    page: POPUP(`<button onclick="this.parentElement.remove()">Got it</button>`),
    request: small,
    expect: { colors: [[90, 90, GREEN]] },
    miss: 'nothing of the page is closed unasked: an action that names the button closes it',
  },
  {
    id: 'ml-dialog-late',
    from: [DISMISS_FILE, 44],
    says: 'So is one that comes after the load',
    page: bare(
      `${box(GREEN)}<script>setTimeout(() => { document.body.insertAdjacentHTML('beforeend', '<div id="d" style="position:fixed;inset:0;background:red"><button onclick="this.parentElement.remove()">Got it</button></div>') }, 900)</script>`,
    ),
    request: { ...small, delay: 1200 },
    expect: { colors: [[90, 90, GREEN]] },
    miss: 'nothing of the page is closed unasked: an action that names the button closes it',
  },
  {
    id: 'ml-dialog-native',
    from: [DISMISS_FILE, 61],
    says: 'So is one that is a dialog element',
    page: bare(
      `${box(GREEN)}<dialog style="background:red"><form method="dialog"><button>Got it</button></form></dialog><script>document.querySelector('dialog').showModal()</script>`,
    ),
    request: small,
    expect: { colors: [[5, 5, GREEN]] },
    miss: 'nothing of the page is closed unasked: an action that names the button closes it',
  },
];
