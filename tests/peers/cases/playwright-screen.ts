import type { PeerCase } from '../peer-case.ts';
import { BLUE, bare, box, GREEN, PNG, RED, WHITE } from './pages.ts';

const FILE = 'tests/library/screenshot.spec.ts';
const VIEW = { viewport: { width: 500, height: 500 } };
const MOBILE = { viewport: { width: 320, height: 480 }, isMobile: true };
const DENSE = { viewport: { width: 320, height: 480 }, deviceScaleFactor: 2 };
const png = (more: Record<string, unknown>) => ({ output: { format: 'png', ...more } });
const element = (more: Record<string, unknown> = {}) => png({ selector: '#a', ...more });
const META = '<meta name="viewport" content="width=device-width">';
/** An element below others, of a size of its own. */
const below = (width: number, height: number, more = '') => bare(`${box(GREEN, 100, 120)}${box(RED, width, height, 'id="a"')}${more}`);
const TALL = bare(`${META}${box(RED, 320, 480)}${box(BLUE, 320, 480)}`);

export const playwrightScreen: readonly PeerCase[] = [
  {
    id: 'pw-together',
    from: [FILE, 25],
    says: 'Captures at the same time do not disturb one another',
    page: TALL,
    together: 4,
    request: VIEW,
    expect: { sameBytes: true },
  },
  {
    id: 'pw-mobile',
    from: [FILE, 42],
    says: 'A mobile view gives its size',
    page: TALL,
    request: MOBILE,
    expect: { width: 320, height: 480, colors: [[0, 0, RED]] },
  },
  {
    id: 'pw-mobile-clip',
    from: [FILE, 53],
    says: 'A clip of a mobile view',
    page: TALL,
    request: { ...MOBILE, ...png({ clip: { x: 10, y: 10, width: 100, height: 150 } }) },
    expect: { width: 100, height: 150, colors: [[50, 50, RED]] },
  },
  {
    id: 'pw-mobile-full',
    from: [FILE, 64],
    says: 'The full page of a mobile view',
    page: TALL,
    request: { ...MOBILE, ...png({ fullPage: true }) },
    expect: { width: 320, height: 960, colors: [[0, 959, BLUE]] },
  },
  {
    id: 'pw-dense',
    from: [FILE, 75],
    says: 'A dense screen gives its device pixels',
    page: TALL,
    request: { ...DENSE, ...png({ scale: 'device' }) },
    expect: { width: 640, height: 960 },
  },
  {
    id: 'pw-dense-clip',
    from: [FILE, 84],
    says: 'A clip of a dense screen has device pixels as well',
    page: TALL,
    request: { ...DENSE, ...png({ scale: 'device', clip: { x: 25, y: 50, width: 150, height: 100 } }) },
    expect: { width: 300, height: 200, colors: [[299, 199, RED]] },
  },
  {
    id: 'pw-dense-css',
    from: [FILE, 93],
    says: 'The picture of a dense screen in CSS pixels',
    page: TALL,
    request: { ...DENSE, ...png({ scale: 'css' }) },
    expect: { width: 320, height: 480 },
  },
  {
    id: 'pw-dense-clip-css',
    from: [FILE, 114],
    says: 'Its clip in CSS pixels',
    page: TALL,
    request: { ...DENSE, ...png({ scale: 'css', clip: { x: 25, y: 50, width: 150, height: 100 } }) },
    expect: { width: 150, height: 100 },
  },
  {
    id: 'pw-dense-too-large',
    from: [FILE, 123],
    says: 'A picture that only the scale makes too large is an error',
    page: bare(box(RED, 500, 8000)),
    request: { viewport: { width: 1000, height: 1000 }, deviceScaleFactor: 4, ...png({ scale: 'device', fullPage: true }) },
    expect: { failed: 'output_too_large' },
  },
  {
    id: 'pw-large',
    from: [FILE, 144],
    says: 'A large page is captured right down to its last row',
    page: bare(`${box(GREEN, 1280, 17900)}${box(RED, 1280, 100)}`),
    request: png({ fullPage: true }),
    expect: {
      width: 1280,
      height: 18000,
      colors: [
        [640, 17899, GREEN],
        [640, 17999, RED],
      ],
    },
  },
  {
    id: 'pw-vh',
    from: [FILE, 181],
    says: 'Elements as high as the view keep this height on the full page',
    page: bare(`${box(RED, 500, 0, 'class="v"')}${box(BLUE, 500, 1000)}`, '.v{height:100vh !important}'),
    request: { ...VIEW, ...png({ fullPage: true }) },
    expect: {
      height: 1500,
      colors: [
        [0, 499, RED],
        [0, 500, BLUE],
      ],
    },
  },
  {
    id: 'pw-busy',
    from: [FILE, 213],
    says: 'A page whose script blocks for a while is captured',
    page: bare(`${box(RED, 80, 60)}<script>setTimeout(() => { const end = Date.now() + 1500; while (Date.now() < end); }, 0)</script>`),
    request: VIEW,
    expect: { colors: [[40, 30, RED]] },
  },
  {
    id: 'pw-el-mobile',
    from: [FILE, 231],
    says: 'An element of a mobile view',
    page: below(80, 60, META),
    request: { ...MOBILE, ...element() },
    expect: { width: 80, height: 60, colors: [[40, 30, RED]] },
  },
  {
    id: 'pw-el-dense',
    from: [FILE, 244],
    says: 'An element of a dense screen',
    page: below(80, 60),
    request: { ...DENSE, ...element({ scale: 'device' }) },
    expect: { width: 160, height: 120, colors: [[159, 119, RED]] },
  },
  {
    id: 'pw-el-vh',
    from: [FILE, 375],
    says: 'An element as high as the view keeps this height',
    page: bare(`${box(GREEN, 500, 700)}${box(RED, 100, 0, 'id="a"')}`, '#a{height:100vh !important}'),
    request: { ...VIEW, ...element() },
    expect: { width: 100, height: 500, colors: [[50, 499, RED]] },
  },
  {
    id: 'pw-hanging',
    from: [FILE, 404],
    says: 'A page whose document never ends can be captured',
    serve: { '/': { body: bare(box(RED, 80, 60)), hang: 'after the body' } },
    request: { ...VIEW, waitUntil: 'commit', waitFor: { selector: 'div' }, output: PNG },
    expect: { colors: [[40, 30, RED]] },
  },
  {
    id: 'pw-el-large-dense',
    from: [FILE, 424],
    says: 'An element larger than the view of a dense screen',
    page: below(600, 900),
    request: { ...DENSE, ...element({ scale: 'device' }) },
    expect: { width: 1200, height: 1800, colors: [[1199, 1799, RED]] },
  },
  {
    id: 'pw-el-large-dense-css',
    from: [FILE, 449],
    says: 'The same in CSS pixels',
    page: below(600, 900),
    request: { ...DENSE, ...element({ scale: 'css' }) },
    expect: { width: 600, height: 900, colors: [[599, 899, RED]] },
  },
  {
    id: 'pw-transform-dense',
    from: [FILE, 474],
    says: 'Transforms are drawn with the pixels of the device',
    page: bare(box(RED, 100, 100, 'class="r"'), '.r{margin:100px;transform:rotate(45deg)}'),
    request: { viewport: { width: 300, height: 300 }, deviceScaleFactor: 2, ...png({ scale: 'device' }) },
    expect: {
      width: 600,
      colors: [
        [210, 210, WHITE],
        [300, 180, RED],
      ],
    },
  },
];
