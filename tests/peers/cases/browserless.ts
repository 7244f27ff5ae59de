import type { PeerCase } from '../peer-case.ts';
import { bare, box, GREEN, late, ONE, PDF, PNG, RED } from './pages.ts';

const FOLDER = 'src/routes/chromium/tests';
const SHOT_FILE = `${FOLDER}/screenshot.spec.ts`;
const PDF_FILE = `${FOLDER}/pdf.spec.ts`;
const COLORED = bare(box(RED));
/** Turns green when it has happened. */
const TURNS = bare(`${box(RED, 100, 100, 'id="a"')}<script>setTimeout(() => {
  document.querySelector('#a').style.background = '${GREEN}'; window.turned = true;
  document.querySelector('#a').className = 'turned'; document.dispatchEvent(new Event('turned'));
}, 1500)</script>`);
const TURNED = { colors: [[50, 50, GREEN]] } as const;
const ON_EVENT =
  'new Promise((resolve) => { if (window.turned) resolve(true); document.addEventListener("turned", () => resolve(true)); })';
const NO_MOCKS = 'answers of the site cannot be replaced: a capture shows what the site gives';

export const browserless: readonly PeerCase[] = [
  {
    id: 'bl-shot',
    from: [SHOT_FILE, 19],
    says: 'A URL alone gives a PNG',
    page: COLORED,
    expect: { contentType: 'image/png', colors: [[50, 50, RED]] },
  },
  {
    id: 'bl-shot-method',
    from: [SHOT_FILE, 40],
    says: 'Another method on the same path is refused',
    call: { method: 'PUT' },
    expect: { refused: { status: 405 } },
  },
  {
    id: 'bl-viewport',
    from: [SHOT_FILE, 56],
    says: 'View and device scale can be given: three device pixels for each CSS pixel',
    page: COLORED,
    request: { viewport: { width: 100, height: 100 }, deviceScaleFactor: 3, output: { format: 'png', scale: 'device' } },
    expect: { width: 300, height: 300, colors: [[299, 299, RED]] },
  },
  {
    id: 'bl-selector',
    from: [SHOT_FILE, 82],
    says: 'A selector gives the element alone',
    page: bare('<h1 style="width:200px;height:50px;background:#ff0000;margin:0"></h1>'),
    request: { output: { format: 'png', selector: 'h1' } },
    expect: {
      width: 200,
      height: 50,
      colors: [
        [0, 0, RED],
        [199, 49, RED],
      ],
    },
  },
  {
    id: 'bl-mock',
    from: [SHOT_FILE, 125],
    says: 'An answer of the site can be replaced by one of the caller’s',
    page: COLORED,
    request: { mock: [{ url: '{site}/', body: 'other' }] },
    expect: { contentType: 'image/png' },
    miss: NO_MOCKS,
  },
  ...[
    { id: 'bl-function', line: 160, wait: { function: '() => window.turned === true' }, says: 'Waits for a function over the page' },
    { id: 'bl-async-function', line: 184, wait: { function: 'async () => window.turned === true' }, says: 'The function may be async' },
    { id: 'bl-wait-selector', line: 208, wait: { selector: '.turned' }, says: 'Waits for an element' },
    { id: 'bl-wait-event', line: 254, wait: { function: ON_EVENT }, says: 'Waits for an event of the page' },
  ].map(
    ({ line, wait, ...more }): PeerCase => ({
      ...more,
      from: [SHOT_FILE, line],
      page: TURNS,
      request: { waitUntil: 'load', waitFor: wait },
      expect: TURNED,
    }),
  ),
  {
    id: 'bl-wait-time',
    from: [SHOT_FILE, 232],
    says: 'Waits a fixed time',
    page: TURNS,
    request: { waitUntil: 'load', delay: 1800 },
    expect: TURNED,
  },
  {
    id: 'bl-cookies',
    from: [SHOT_FILE, 281],
    says: 'Cookies of the request reach the site',
    page: COLORED,
    request: { auth: { cookies: [{ name: 'a', value: 'b', domain: '{host}' }] } },
    expect: { received: [{ header: 'cookie', value: 'a=b' }] },
  },
  {
    id: 'bl-timeout',
    from: [SHOT_FILE, 303],
    says: 'A capture that takes too long ends with an error that says so',
    serve: { '/': { hang: 'at once' } },
    request: { timeouts: { navigation: 500 } },
    expect: { failed: 'navigation_timeout' },
  },
  {
    id: 'bl-goto-options',
    from: [SHOT_FILE, 349],
    says: 'What navigation waits for can be chosen',
    page: COLORED,
    request: { waitUntil: 'networkidle' },
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'bl-pdf',
    from: [PDF_FILE, 19],
    says: 'A URL alone gives a PDF',
    page: ONE,
    request: { output: PDF },
    expect: { contentType: 'application/pdf', text: ['Page 1'] },
  },
  {
    id: 'bl-pdf-method',
    from: [PDF_FILE, 45],
    says: 'Another method on the same path is refused',
    call: { method: 'DELETE' },
    request: { output: PDF },
    expect: { refused: { status: 405 } },
  },
  ...[
    { id: 'bl-pdf-function', line: 61, wait: { function: '() => window.mark === "ready"' }, says: 'A PDF waits for a function' },
    { id: 'bl-pdf-async', line: 86, wait: { function: 'async () => window.mark === "ready"' }, says: 'which may be async' },
    { id: 'bl-pdf-selector', line: 111, wait: { selector: '#late' }, says: 'A PDF waits for an element' },
    {
      id: 'bl-pdf-event',
      line: 136,
      wait: { function: '() => new Promise((resolve) => { setTimeout(() => resolve(window.mark === "ready"), 1500) })' },
      says: 'A PDF waits for what a promise tells',
    },
  ].map(
    ({ line, wait, ...more }): PeerCase => ({
      ...more,
      from: [PDF_FILE, line],
      page: late(1200),
      request: { waitUntil: 'load', waitFor: wait, output: PDF },
      expect: { text: ['late text'] },
    }),
  ),
  {
    id: 'bl-pdf-cookies',
    from: [PDF_FILE, 164],
    says: 'Cookies reach the site for a PDF as well, and what the site says to them is printed',
    serve: { '/': { showCookies: true } },
    request: { auth: { cookies: [{ name: 'a', value: 'b', domain: '{host}' }] }, output: PDF },
    expect: { text: ['cookies: a=b'] },
  },
  {
    id: 'bl-pdf-timeout',
    from: [PDF_FILE, 187],
    says: 'A PDF that takes too long ends with an error that says so',
    serve: { '/': { body: 'begun', hang: 'after the body' } },
    request: { timeouts: { total: 1500 }, output: PDF },
    expect: { failed: 'total_timeout' },
  },
  {
    id: 'bl-pdf-mock',
    from: [PDF_FILE, 235],
    says: 'An answer of the site can be replaced for a PDF as well',
    page: ONE,
    request: { mock: [{ url: '{site}/', body: 'other' }], output: PDF },
    expect: { text: ['other'] },
    miss: NO_MOCKS,
  },
  {
    id: 'bl-pdf-goto-options',
    from: [PDF_FILE, 271],
    says: 'What navigation waits for can be chosen for a PDF',
    page: ONE,
    request: { waitUntil: 'networkidle', output: PDF },
    expect: { text: ['Page 1'] },
  },
  {
    id: 'bl-pdf-options',
    from: [PDF_FILE, 318],
    says: 'Print options are passed on',
    page: ONE,
    request: { output: { format: 'pdf', pdf: { landscape: true } } },
    expect: { paper: [842, 595] },
  },
  {
    id: 'bl-pdf-viewport',
    from: [PDF_FILE, 343],
    says: 'A view and a device scale do no harm to a PDF',
    page: ONE,
    request: { viewport: { width: 100, height: 100 }, deviceScaleFactor: 3, output: PDF },
    expect: { paper: [595, 842], text: ['Page 1'] },
  },
  {
    id: 'bl-too-large',
    from: [PDF_FILE, 393],
    says: 'A body over the limit is refused',
    call: { raw: JSON.stringify({ url: 'https://app.example.com/', styles: ['x'.repeat(1_100_000)], output: PNG }) },
    expect: { refused: { status: 413, code: 'payload_too_large' } },
  },
  {
    id: 'bl-pdf-full-page',
    from: [PDF_FILE, 419],
    says: 'A PDF as high as the page holds it on one sheet',
    page: bare('<h1>the start</h1><div style="height:1900px"></div>the end'),
    request: { output: { format: 'pdf', pdf: { singlePage: true } } },
    expect: { pages: 1, text: ['the start', 'the end'] },
    needs: 'pdf.singlePage',
  },
  {
    id: 'bl-pdf-full-page-height',
    from: [PDF_FILE, 447],
    says: 'A height as high as the page and a height that is given contradict each other',
    page: ONE,
    request: { output: { format: 'pdf', pdf: { singlePage: true, width: '100px', height: '100px' } } },
    expect: { refused: { status: 422 } },
    needs: 'pdf.singlePage',
  },
];
