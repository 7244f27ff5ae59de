import type { PeerCase } from '../peer-case.ts';
import { bare, box, MEDIA, ONE, PDF, RED, WHITE } from './pages.ts';

const FOLDER = 'test/integration/features';
const URL_FILE = `${FOLDER}/chromium_convert_url.feature`;
const HTML_FILE = `${FOLDER}/chromium_convert_html.feature`;
const SHOT_FILE = `${FOLDER}/chromium_screenshot_html.feature`;
const SHOT_URL_FILE = `${FOLDER}/chromium_screenshot_url.feature`;

/** Tells in the page's text, and by an attribute, that each kind of callback which needs a frame has run. */
const CALLBACKS = bare(
  `<div id="seen" style="height:20px"></div><script>
  const note = (text) => { document.body.insertAdjacentHTML('beforeend', '<p>' + text + '</p>'); fired++; if (fired === 3) document.body.dataset.done = 'yes'; };
  let fired = 0;
  requestAnimationFrame(() => note('frame came'));
  const resized = new ResizeObserver(() => { resized.disconnect(); note('size seen'); });
  resized.observe(document.querySelector('#seen'));
  const crossed = new IntersectionObserver(() => { crossed.disconnect(); note('crossing seen'); });
  crossed.observe(document.querySelector('#seen'));
  </script>`,
);
/** Calls an address inside the network, and says whether it answered. A refusal throws, and is what is hoped for. */
const reach = (script: string) => bare(`<p>the page</p><script>const inside = '{canary}'; try { ${script} } catch {}</script>`);
const UNREACHED = { text: ['the page'], canary: 'untouched', blocked: ['127.0.0.1'] } as const;
const HEADINGS = bare('<h1>Chapter</h1><p>text</p><h2>Section</h2><p>text</p>');
const SPACED = bare(`<div style="height:250px"></div>${box('#ff0000', 300, 200, 'id="target"')}`);

export const gotenbergHtml: readonly PeerCase[] = [
  {
    id: 'gb-thenable',
    from: [HTML_FILE, 219],
    says: 'An expression may give a promise, which is waited for',
    page: bare(
      `<script>setTimeout(() => { window.mark = 'ready'; document.body.insertAdjacentHTML('beforeend', 'late text') }, 1200)</script>`,
    ),
    request: { waitUntil: 'load', waitFor: { function: '(async () => window.mark === "ready")()' }, output: PDF },
    expect: { text: ['late text'] },
  },
  {
    id: 'gb-paint-callbacks',
    from: [HTML_FILE, 236],
    says: 'Animation frames, size and crossing observers really fire before the PDF',
    page: CALLBACKS,
    request: { waitFor: { function: '!!document.body.dataset.done' }, output: PDF },
    expect: { text: ['frame came', 'size seen', 'crossing seen'] },
  },
  {
    id: 'gb-paint-callbacks-print',
    from: [HTML_FILE, 260],
    says: 'They fire as well with a delay and the print medium',
    page: CALLBACKS,
    request: { delay: 1000, media: 'print', output: PDF },
    expect: { text: ['frame came', 'size seen', 'crossing seen'] },
  },
  {
    id: 'gb-inside-fetch',
    from: [HTML_FILE, 462],
    says: 'A fetch to an address inside the network does not arrive',
    page: reach('fetch("https://" + inside + "/x", { mode: "no-cors" }).catch(() => {})'),
    request: { output: PDF },
    expect: UNREACHED,
  },
  {
    id: 'gb-inside-websocket',
    from: [HTML_FILE, 480],
    says: 'A WebSocket to an address inside the network does not arrive',
    page: reach('new WebSocket("ws://" + inside + "/x")'),
    request: { delay: 500, output: PDF },
    expect: { text: ['the page'], canary: 'untouched' },
  },
  {
    id: 'gb-inside-worker-websocket',
    from: [HTML_FILE, 498],
    says: 'Neither does one that a worker opens',
    page: reach('new Worker(URL.createObjectURL(new Blob(["new WebSocket(\'wss://" + inside + "/x\')"], { type: "text/javascript" })))'),
    request: { delay: 500, output: PDF },
    expect: UNREACHED,
  },
  {
    id: 'gb-inside-secure-websocket',
    from: [HTML_FILE, 512],
    says: 'Neither does one over TLS',
    page: reach('new WebSocket("wss://" + inside + "/x")'),
    request: { delay: 500, output: PDF },
    expect: UNREACHED,
  },
  {
    id: 'gb-inside-event-source',
    from: [HTML_FILE, 527],
    says: 'Neither does an event source',
    page: reach('new EventSource("https://" + inside + "/x")'),
    request: { delay: 500, output: PDF },
    expect: UNREACHED,
  },
  {
    id: 'gb-ignored-domains',
    from: [HTML_FILE, 620],
    says: 'Failing on the status of resources can leave some hosts out',
    page: bare('<img src="{api}/missing">'),
    request: { failOnResourceStatus: [400], ignoreResourceHosts: ['{apiHost}'], output: PDF },
    expect: { pages: 1 },
    miss: 'the status of sub-resources is no reason to fail: `expect` looks at the page’s own status and content',
  },
  {
    id: 'gb-outline',
    from: [HTML_FILE, 670],
    says: 'An outline is made of the headings where it is asked for',
    page: HEADINGS,
    request: { output: { format: 'pdf', pdf: { outline: true, tagged: true } } },
    expect: { outline: true, tagged: true },
  },
  {
    id: 'gb-outline-alone',
    from: [HTML_FILE, 670],
    says: 'Asking for the outline alone is enough, although Chromium takes it from the tags',
    page: HEADINGS,
    request: { output: { format: 'pdf', pdf: { outline: true } } },
    expect: { outline: true },
  },
  {
    id: 'gb-no-outline',
    from: [HTML_FILE, 670],
    says: 'There is no outline unless asked for',
    page: HEADINGS,
    request: { output: PDF },
    expect: { outline: false, tagged: false },
  },
  {
    id: 'gb-single-page-landscape',
    from: [HTML_FILE, 69],
    says: 'A single page in landscape is as wide as the long side of the paper',
    page: bare('<h1>the start</h1><div style="height:3000px"></div><h1>the end</h1>'),
    request: { output: { format: 'pdf', pdf: { singlePage: true, landscape: true } } },
    expect: { pages: 1, text: ['the start', 'the end'] },
    needs: 'pdf.singlePage',
  },
  {
    id: 'gb-assets',
    from: [HTML_FILE, 1418],
    says: 'Style sheets and pictures of the page are in the result',
    page: bare('<link rel="stylesheet" href="{site}/style.css"><div id="a"></div>'),
    serve: { '/style.css': { headers: { 'content-type': 'text/css' }, body: '#a{background:#ff0000;width:300px;height:300px}' } },
    request: { output: { format: 'pdf', pdf: { margin: { top: 0, left: 0 } } } },
    expect: { colors: [[100, 100, RED]] },
  },
  {
    id: 'gb-concurrent',
    from: [`${FOLDER}/chromium_concurrent.feature`, 5],
    says: 'Three conversions at the same time all succeed',
    page: ONE,
    request: { output: PDF },
    together: 3,
    expect: { pages: 1, text: ['Page 1'] },
  },
];

export const gotenbergScreenshot: readonly PeerCase[] = [
  {
    id: 'gb-png',
    from: [SHOT_URL_FILE, 5],
    says: 'A screenshot is a PNG',
    page: ONE,
    expect: { contentType: 'image/png' },
  },
  {
    id: 'gb-jpeg',
    from: [SHOT_URL_FILE, 16],
    says: 'JPEG on request',
    page: ONE,
    request: { output: { format: 'jpeg' } },
    expect: { contentType: 'image/jpeg' },
  },
  {
    id: 'gb-webp',
    from: [SHOT_URL_FILE, 28],
    says: 'WebP on request',
    page: ONE,
    request: { output: { format: 'webp' } },
    expect: { contentType: 'image/webp' },
  },
  {
    id: 'gb-dimensions',
    from: [SHOT_FILE, 53],
    says: 'Width and height of the view are those of the picture',
    page: ONE,
    request: { viewport: { width: 1920, height: 1080 } },
    expect: { width: 1920, height: 1080 },
  },
  {
    id: 'gb-clip-view',
    from: [SHOT_FILE, 63],
    says: 'Clipped to the view, a long page gives a picture of the view',
    page: bare('<div style="height:3000px"></div>'),
    request: { viewport: { width: 800, height: 600 } },
    expect: { width: 800, height: 600 },
  },
  {
    id: 'gb-selector',
    from: [SHOT_FILE, 74],
    says: 'A selector gives a picture of the element, wherever it lies on the page',
    page: SPACED,
    request: { output: { format: 'png', selector: '#target' } },
    expect: { width: 300, height: 200, colors: [[150, 100, RED]] },
  },
  {
    id: 'gb-selector-missing',
    from: [SHOT_FILE, 87],
    says: 'A selector that matches nothing is an error that names the selector field',
    page: SPACED,
    request: { output: { format: 'png', selector: '#nothing' }, timeouts: { action: 500 } },
    expect: { failed: 'action_timeout', says: 'output.selector' },
  },
  {
    id: 'gb-quality',
    from: [SHOT_FILE, 98],
    says: 'JPEG takes a quality',
    page: ONE,
    request: { output: { format: 'jpeg', quality: 50 } },
    expect: { contentType: 'image/jpeg' },
  },
  {
    id: 'gb-scale-factor',
    from: [SHOT_FILE, 117],
    says: 'The device scale factor can be given',
    page: ONE,
    request: { deviceScaleFactor: 1, viewport: { width: 800, height: 600 } },
    expect: { width: 800, height: 600 },
  },
  {
    id: 'gb-omit-background',
    from: [SHOT_FILE, 126],
    says: 'Without the background the picture is transparent where the page is',
    page: bare(box('#ff0000', 50, 50)),
    request: { viewport: { width: 100, height: 100 }, output: { format: 'png', omitBackground: true } },
    expect: {
      colors: [
        [10, 10, RED],
        [90, 90, 'clear'],
      ],
    },
  },
  {
    id: 'gb-screen-medium',
    from: [SHOT_FILE, 135],
    says: 'The medium of a screenshot can be named',
    page: bare('<div id="a"></div>', '#a{width:50px;height:50px}@media screen{#a{background:#ff0000}}@media print{#a{background:#0000ff}}'),
    request: { media: 'screen', viewport: { width: 100, height: 100 } },
    expect: {
      colors: [
        [10, 10, RED],
        [90, 90, WHITE],
      ],
    },
  },
  {
    id: 'gb-dark-scheme',
    from: [URL_FILE, 384],
    says: 'Other media features, such as the color scheme, reach the styles',
    page: MEDIA,
    request: { colorScheme: 'dark', output: PDF },
    expect: { text: ['scheme dark'] },
  },
];
