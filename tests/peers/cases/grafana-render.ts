import type { PeerCase } from '../peer-case.ts';
import { bare, box, ONE, PDF, RED, TWELVE, WHITE } from './pages.ts';

const FOLDER = 'tests/acceptance';
const RENDER_FILE = `${FOLDER}/rendering_grafana_test.go`;

const pdf = (options: Record<string, unknown>) => ({ output: { format: 'pdf', pdf: options } });
const tell = (expression: string) =>
  bare(`<p id="p"></p><script>document.querySelector('#p').textContent = 'it is ' + (${expression})</script>`);
/** A dashboard that fetches what it shows, as Grafana's panels do. */
const DASHBOARD = bare(`<div id="panel">loading</div><script>fetch('{site}/data').then((answer) => answer.text()).then((text) => {
  document.querySelector('#panel').textContent = text; document.querySelector('#panel').style.cssText = 'background:#ff0000;height:200px' })</script>`);
const DATA = { '/data': { delayMs: 700, body: 'series of the panel' } };
const LONG = bare(`${box('#eeeeee', 1000, 9000)}${box(RED, 1000, 100)}`);
/** Sizes of paper in points. */
const PAPERS: Readonly<Record<string, readonly [number, number]>> = {
  Letter: [612, 792],
  Legal: [612, 1008],
  Tabloid: [792, 1224],
  Ledger: [1224, 792],
  A0: [2383, 3370],
  A1: [1684, 2383],
  A2: [1190, 1684],
  A3: [842, 1190],
  A4: [595, 842],
  A5: [419, 595],
  A6: [298, 419],
};

export const grafanaRender: readonly PeerCase[] = [
  {
    id: 'gr-size',
    from: [RENDER_FILE, 56],
    says: 'Width and height of the view are those of the picture, and the panels are filled',
    page: DASHBOARD,
    serve: DATA,
    request: { viewport: { width: 500, height: 300 } },
    expect: { width: 500, height: 300, colors: [[250, 100, RED]] },
  },
  {
    id: 'gr-tiny',
    from: [RENDER_FILE, 85],
    says: 'A view of ten pixels is possible (here as small as asked)',
    page: DASHBOARD,
    serve: DATA,
    request: { viewport: { width: 10, height: 10 } },
    expect: { width: 10, height: 10, colors: [[5, 5, RED]] },
  },
  {
    id: 'gr-solo',
    from: [RENDER_FILE, 114],
    says: 'The page of a single panel',
    page: DASHBOARD,
    serve: DATA,
    request: { viewport: { width: 600, height: 200 }, waitFor: { text: 'series of the panel' } },
    expect: { width: 600, colors: [[300, 100, RED]] },
  },
  {
    id: 'gr-solo-scaled',
    from: [RENDER_FILE, 172],
    says: 'A single panel with a scale',
    page: DASHBOARD,
    serve: DATA,
    request: { viewport: { width: 400, height: 200 }, deviceScaleFactor: 2, output: { format: 'png', scale: 'device' } },
    expect: { width: 800, height: 400, colors: [[400, 200, RED]] },
  },
  {
    id: 'gr-pdf-panels',
    from: [RENDER_FILE, 268],
    says: 'The PDF of a dashboard has the filled panels',
    page: DASHBOARD,
    serve: DATA,
    request: { output: PDF },
    expect: { text: ['series of the panel'], notText: ['loading'] },
  },
  {
    id: 'gr-pdf-scaled',
    from: [RENDER_FILE, 295],
    says: 'A device scale changes neither paper nor content of a PDF',
    page: DASHBOARD,
    serve: DATA,
    request: { deviceScaleFactor: 4, output: PDF },
    expect: { paper: [595, 842], text: ['series of the panel'] },
  },
  {
    id: 'gr-language-us',
    from: [RENDER_FILE, 326],
    says: 'The page sees American English',
    page: tell('new Date(0).toLocaleDateString() + " " + navigator.language'),
    request: { locale: 'en-US', timezoneId: 'UTC', output: PDF },
    expect: { text: ['it is 1/1/1970 en-US'], received: [{ header: 'accept-language', value: 'en-US' }] },
  },
  {
    id: 'gr-language-de',
    from: [RENDER_FILE, 357],
    says: 'The page sees German, and formats by it',
    page: tell('new Date(0).toLocaleDateString() + " " + (1234.5).toLocaleString() + " " + navigator.language'),
    request: { locale: 'de-DE', timezoneId: 'UTC', output: PDF },
    expect: { text: ['it is 1.1.1970 1.234,5 de-DE'], received: [{ header: 'accept-language', value: 'de-DE' }] },
  },
  ...Object.entries(PAPERS).map(
    ([format, paper]): PeerCase => ({
      id: `gr-paper-${format.toLowerCase()}`,
      from: [RENDER_FILE, 389],
      says: `Paper of the size ${format}`,
      page: ONE,
      request: pdf({ format }),
      expect: { paper },
    }),
  ),
  {
    id: 'gr-background',
    from: [RENDER_FILE, 419],
    says: 'Backgrounds are printed on request',
    page: bare(box(RED, 300, 300)),
    request: pdf({ printBackground: true, margin: { top: 0, left: 0 } }),
    expect: { colors: [[100, 100, RED]] },
  },
  {
    id: 'gr-no-background',
    from: [RENDER_FILE, 419],
    says: 'and left out on request',
    page: bare(box(RED, 300, 300)),
    request: pdf({ printBackground: false, margin: { top: 0, left: 0 } }),
    expect: { colors: [[100, 100, WHITE]] },
  },
  {
    id: 'gr-many-pages',
    from: [RENDER_FILE, 464],
    says: 'A very long dashboard has many pages',
    page: LONG,
    request: { output: PDF },
    expect: { pages: { min: 5 } },
  },
  {
    id: 'gr-long-portrait',
    from: [RENDER_FILE, 493],
    says: 'A very long one upright',
    page: LONG,
    request: pdf({ landscape: false }),
    expect: { pages: { min: 5 }, paper: [595, 842] },
  },
  {
    id: 'gr-long-landscape',
    from: [RENDER_FILE, 493],
    says: 'A very long one in landscape has more pages',
    page: LONG,
    request: pdf({ landscape: true }),
    expect: { pages: { min: 7 }, paper: [842, 595] },
  },
  {
    id: 'gr-range-one',
    from: [RENDER_FILE, 531],
    says: 'One page of many',
    page: TWELVE,
    request: pdf({ pageRanges: '4' }),
    expect: { pages: 1, onPage: { 1: 'Page 4' } },
  },
  {
    id: 'gr-range-all',
    from: [RENDER_FILE, 531],
    says: 'All pages where no range is given',
    page: TWELVE,
    request: pdf({}),
    expect: { pages: 12 },
  },
  {
    id: 'gr-range-middle',
    from: [RENDER_FILE, 531],
    says: 'Pages of the middle',
    page: TWELVE,
    request: pdf({ pageRanges: '2-4' }),
    expect: { pages: 3, onPage: { 1: 'Page 2', 3: 'Page 4' } },
  },
  {
    id: 'gr-range-first',
    from: [RENDER_FILE, 531],
    says: 'The first pages',
    page: TWELVE,
    request: pdf({ pageRanges: '1-3' }),
    expect: { pages: 3, onPage: { 1: 'Page 1', 3: 'Page 3' } },
  },
  {
    id: 'gr-full-height',
    from: [RENDER_FILE, 560],
    says: 'A picture as high as a very long dashboard',
    page: LONG,
    request: { viewport: { width: 1000, height: 500 }, output: { format: 'png', fullPage: true } },
    expect: { width: 1000, height: 9100, colors: [[500, 9050, RED]] },
  },
  {
    id: 'gr-panels',
    from: [RENDER_FILE, 596],
    says: 'Panels that draw with SVG and canvas are in the picture',
    page: bare(
      `<svg width="100" height="100"><rect width="100" height="100" fill="#ff0000"/></svg><canvas width="100" height="100" style="position:absolute;left:100px;top:0"></canvas><script>const c = document.querySelector('canvas').getContext('2d'); c.fillStyle = '#ff0000'; c.fillRect(0, 0, 100, 100)</script>`,
    ),
    request: { viewport: { width: 200, height: 100 } },
    expect: {
      colors: [
        [50, 50, RED],
        [150, 50, RED],
      ],
    },
  },
  {
    id: 'gr-scaled',
    from: [RENDER_FILE, 703],
    says: 'A dashboard with a scale',
    page: DASHBOARD,
    serve: DATA,
    request: { viewport: { width: 600, height: 300 }, deviceScaleFactor: 3, output: { format: 'png', scale: 'device' } },
    expect: { width: 1800, height: 900, colors: [[900, 300, RED]] },
  },
];
