import type { PeerCase } from '../peer-case.ts';
import { BLACK, bare, box, ONE, PDF, RED, SMALL, WHITE } from './pages.ts';

const FILE = 'test.js';
const DARK = bare('', 'body{background:white}@media (prefers-color-scheme: dark){body{background:black}}');
/** A red band and a long white one, inside a black frame. */
const FRAMED = bare(
  `<div style="background:red;height:20px" class="header"></div><div style="background:white;height:500px"></div>`,
  'body{background:black;margin:10px}',
);
const small = { viewport: SMALL };
const png = (more: Record<string, unknown>) => ({ output: { format: 'png', ...more } });
const refusedAt = (path: string) => ({ refused: { status: 422, code: 'invalid_request', path } });
/** Asks for a part when the page is scrolled and adds it when it has come. */
const GROWS = bare(`<div style="height:1800px"></div><script>addEventListener('scroll', async () => {
  await fetch('part'); document.body.insertAdjacentHTML('beforeend', '<div style="height:1000px;background:red"></div>');
}, { once: true })</script>`);

export const captureWebsiteMore: readonly PeerCase[] = [
  {
    id: 'cw-light',
    from: [FILE, 792],
    says: 'Pages see the light scheme unless asked otherwise',
    page: DARK,
    request: small,
    expect: { colors: [[0, 0, WHITE]] },
  },
  {
    id: 'cw-dark',
    from: [FILE, 792],
    says: 'Pages see the dark scheme on request',
    page: DARK,
    request: { ...small, colorScheme: 'dark' },
    expect: { colors: [[0, 0, BLACK]] },
  },
  {
    id: 'cw-inset',
    from: [FILE, 837],
    says: 'The picture can leave out a border of the view',
    page: FRAMED,
    request: { ...small, ...png({ clip: { x: 10, y: 10, width: 80, height: 80 } }) },
    expect: { width: 80, height: 80, colors: [[0, 0, RED]] },
  },
  {
    id: 'cw-inset-sides',
    from: [FILE, 837],
    says: 'The border can differ from side to side',
    page: FRAMED,
    request: { ...small, ...png({ clip: { x: 10, y: 30, width: 90, height: 70 } }) },
    expect: { width: 90, height: 70, colors: [[0, 0, WHITE]] },
  },
  {
    id: 'cw-inset-element',
    from: [FILE, 837],
    says: 'An element that is higher than the view is captured whole',
    page: FRAMED,
    request: { ...small, ...png({ selector: 'body' }) },
    expect: { width: 80, height: 520, colors: [[0, 0, RED]] },
  },
  {
    id: 'cw-inset-outward',
    from: [FILE, 837],
    says: 'An element can be captured with what is around it',
    page: FRAMED,
    request: { ...small, ...png({ selector: '.header', padding: 10 }) },
    expect: { width: 100, height: 40, colors: [[0, 0, BLACK]] },
    needs: 'output.padding',
  },
  {
    id: 'cw-inset-nothing',
    from: [FILE, 837],
    says: 'A picture without any width or height is refused',
    page: FRAMED,
    request: { ...small, ...png({ clip: { x: 50, y: 50, width: 0, height: 0 } }) },
    expect: refusedAt('output.clip.width'),
  },
  {
    id: 'cw-preload',
    from: [FILE, 920],
    says: 'A function of the caller is in the page before its own scripts run',
    page: bare(`${box('black')}<script>window.toRed?.()</script>`),
    request: { ...small, initScripts: ["window.toRed = () => { document.querySelector('div').style.background = 'red' }"] },
    expect: { colors: [[0, 0, RED]] },
    miss: '`scripts` run in the finished page; none of the caller’s runs before the page’s own',
  },
  {
    id: 'cw-clip',
    from: [FILE, 969],
    says: 'A clip has the size that was asked for',
    page: bare(box('black', 900, 900)),
    request: png({ clip: { x: 10, y: 30, width: 500, height: 300 } }),
    expect: {
      width: 500,
      height: 300,
      colors: [
        [0, 0, BLACK],
        [499, 299, BLACK],
      ],
    },
  },
  {
    id: 'cw-network-idle',
    from: [FILE, 1011],
    says: 'The picture can wait for the network to be idle',
    page: bare(`${box('black')}<script>fetch('part').then(() => { document.querySelector('div').style.background = 'red' })</script>`),
    serve: { '/part': { delayMs: 800, body: 'x' } },
    request: { ...small, waitUntil: 'networkidle' },
    expect: { colors: [[0, 0, RED]] },
  },
  {
    id: 'cw-clip-and-element',
    from: [FILE, 1022],
    says: 'Clip and element contradict each other',
    request: png({ selector: 'html', clip: { x: 1, y: 10, width: 10, height: 100 } }),
    expect: refusedAt('output.clip'),
  },
  {
    id: 'cw-clip-and-full-page',
    from: [FILE, 1038],
    says: 'Clip and full page contradict each other',
    request: png({ fullPage: true, clip: { x: 1, y: 10, width: 10, height: 100 } }),
    expect: refusedAt('output.fullPage'),
  },
  ...[404, 500].map(
    (status): PeerCase => ({
      id: `cw-throws-${status}`,
      from: [FILE, status === 404 ? 1054 : 1075],
      says: `On request a page that answers ${status} is an error that names the status (here always)`,
      serve: { '/': { status, body: 'sorry' } },
      expect: { failed: 'target_http_error', says: String(status), httpStatus: status },
    }),
  ),
  {
    id: 'cw-takes-404',
    from: [FILE, 1096],
    says: 'A page that answers 404 can be captured all the same (here where it is expected)',
    serve: { '/': { status: 404, body: bare(box('black')) } },
    request: { ...small, expect: [{ status: 404 }] },
    expect: { httpStatus: 404, colors: [[0, 0, BLACK]] },
  },
  {
    id: 'cw-takes-2xx',
    from: [FILE, 1112],
    says: 'Any status of success is none',
    serve: { '/': { status: 201, body: bare(box('black')) } },
    request: small,
    expect: { httpStatus: 201, colors: [[0, 0, BLACK]] },
  },
  {
    id: 'cw-pdf',
    from: [FILE, 1157],
    says: 'The type can be PDF',
    page: ONE,
    request: { output: PDF },
    expect: { contentType: 'application/pdf', text: ['Page 1'] },
  },
  {
    id: 'cw-pdf-options',
    from: [FILE, 1168],
    says: 'Paper, orientation, margins, background and scale of a PDF go together',
    page: bare(box('red', 300, 300)),
    request: {
      output: {
        format: 'pdf',
        pdf: {
          format: 'A4',
          landscape: true,
          printBackground: true,
          scale: 1.5,
          margin: { top: '10px', right: '10px', bottom: '10px', left: '10px' },
        },
      },
    },
    expect: {
      paper: [842, 595],
      colors: [
        [4, 4, WHITE],
        [100, 100, RED],
        [440, 100, RED],
        [480, 100, WHITE],
      ],
    },
  },
  {
    id: 'cw-pdf-clip',
    from: [FILE, 1191],
    says: 'A clip is not for PDF',
    request: { output: { format: 'pdf', clip: { x: 0, y: 0, width: 9, height: 9 } } },
    expect: refusedAt('output.clip'),
  },
  {
    id: 'cw-pdf-element',
    from: [FILE, 1208],
    says: 'An element is not for PDF',
    request: { output: { format: 'pdf', selector: '.logo' } },
    expect: refusedAt('output.selector'),
  },
  {
    id: 'cw-pdf-quality',
    from: [FILE, 1220],
    says: 'A quality is not for PDF',
    request: { output: { format: 'pdf', quality: 50 } },
    expect: refusedAt('output.quality'),
  },
  {
    id: 'cw-referrer',
    from: [FILE, 1232],
    says: 'The referrer that the site sees can be given',
    page: ONE,
    request: { headers: { Referer: 'https://example.com/' } },
    expect: { received: [{ header: 'referer', value: 'https://example.com/' }] },
  },
  {
    id: 'cw-dialog',
    from: [FILE, 1308],
    says: 'A dialog that opens while the page loads does not hold up the capture',
    page: bare(`${box('black')}<script>alert('hello')</script>`),
    request: small,
    expect: { colors: [[0, 0, BLACK]] },
  },
  {
    id: 'cw-dialogs',
    from: [FILE, 1389],
    says: 'Several dialogs are answered one after the other',
    page: bare(`${box('black')}<script>alert(1); alert(2); alert(3); document.querySelector('div').style.background = 'red'</script>`),
    request: small,
    expect: { colors: [[0, 0, RED]] },
  },
  {
    id: 'cw-lazy',
    from: [FILE, 1471],
    says: 'The page is scrolled through for its lazy parts where the full page is asked for, and not otherwise',
    page: bare(
      `${box('black')}<div style="height:2000px"></div><script>addEventListener('scroll', () => { if (scrollY > innerHeight) document.querySelector('div').style.background = 'red' })</script>`,
    ),
    request: { ...small, ...png({ fullPage: true }) },
    expect: { colors: [[0, 0, RED]] },
  },
  {
    id: 'cw-not-scrolled',
    from: [FILE, 1471],
    says: 'Without need the page is not scrolled',
    page: bare(
      `${box('black')}<div style="height:2000px"></div><script>addEventListener('scroll', () => { document.querySelector('div').style.background = 'red' })</script>`,
    ),
    request: small,
    expect: { colors: [[0, 0, BLACK]] },
  },
  {
    id: 'cw-slow-lazy',
    from: [FILE, 1546],
    says: 'What the page fetches when it is scrolled is waited for, although it is slow, and fetched once',
    page: GROWS,
    serve: { '/part': { delayMs: 3500, body: 'x' } },
    request: { viewport: { width: 300, height: 400 }, ...png({ fullPage: true }) },
    expect: { height: { min: 2601 }, asked: { '/part': 1 } },
  },
];
