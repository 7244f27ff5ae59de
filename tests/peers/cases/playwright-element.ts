import type { PeerCase } from '../peer-case.ts';
import { BLUE, bare, box, GREEN, RED, WHITE } from './pages.ts';

const ELEMENT_FILE = 'tests/page/elementhandle-screenshot.spec.ts';
const VIEW = { viewport: { width: 500, height: 500 } };
const png = (more: Record<string, unknown>) => ({ output: { format: 'png', ...more } });
const element = (more: Record<string, unknown> = {}) => png({ selector: '#a', ...more });
/** An element below others, of a size of its own. */
const below = (width: number, height: number, more = '') => bare(`${box(GREEN, 100, 120)}${box(RED, width, height, 'id="a"')}${more}`);

export const playwrightElement: readonly PeerCase[] = [
  {
    id: 'pw-el',
    from: [ELEMENT_FILE, 29],
    says: 'An element is captured alone',
    page: below(80, 60),
    request: { ...VIEW, ...element() },
    expect: {
      width: 80,
      height: 60,
      colors: [
        [0, 0, RED],
        [79, 59, RED],
      ],
    },
  },
  {
    id: 'pw-el-webp',
    from: [ELEMENT_FILE, 38],
    says: 'As WebP as well',
    page: below(80, 60),
    request: { ...VIEW, output: { format: 'webp', selector: '#a' } },
    expect: { width: 80, height: 60, contentType: 'image/webp' },
  },
  {
    id: 'pw-el-stringify',
    from: [ELEMENT_FILE, 50],
    says: 'A page that has broken JSON.stringify is captured',
    page: bare(`${box(RED, 80, 60, 'id="a"')}<script>JSON.stringify = () => { throw new Error('no') }</script>`),
    request: { ...VIEW, ...element() },
    expect: { width: 80, height: 60, colors: [[0, 0, RED]] },
  },
  {
    id: 'pw-el-border',
    from: [ELEMENT_FILE, 62],
    says: 'Padding and border belong to the element',
    page: bare(box(RED, 50, 50, 'id="a"'), '#a{padding:10px;border:2px solid #0000ff}'),
    request: { ...VIEW, ...element() },
    expect: {
      width: 74,
      height: 74,
      colors: [
        [0, 0, BLUE],
        [4, 4, RED],
      ],
    },
  },
  {
    id: 'pw-el-large',
    from: [ELEMENT_FILE, 108],
    says: 'An element larger than the view is captured whole',
    page: below(600, 900),
    request: { ...VIEW, ...element() },
    expect: { width: 600, height: 900, colors: [[599, 899, RED]] },
  },
  {
    id: 'pw-el-scroll',
    from: [ELEMENT_FILE, 135],
    says: 'An element below the view is captured',
    page: bare(`${box(GREEN, 600, 900)}${box(RED, 50, 50, 'id="a"')}`),
    request: { ...VIEW, ...element() },
    expect: { width: 50, height: 50, colors: [[25, 25, RED]] },
  },
  {
    id: 'pw-el-far',
    from: [ELEMENT_FILE, 159],
    says: 'An element 15,000 pixels below is captured',
    page: bare(`${box(GREEN, 100, 15000)}${box(RED, 50, 50, 'id="a"')}`),
    request: { ...VIEW, ...element() },
    expect: { width: 50, height: 50, colors: [[25, 25, RED]] },
  },
  {
    id: 'pw-el-rotated',
    from: [ELEMENT_FILE, 183],
    says: 'A rotated element is captured with the box around it',
    page: bare(box(RED, 100, 100, 'id="a"'), '#a{margin:100px;transform:rotate(45deg)}'),
    request: { ...VIEW, ...element() },
    expect: {
      width: 142,
      height: 142,
      colors: [
        [2, 2, WHITE],
        [71, 71, RED],
      ],
    },
  },
  {
    id: 'pw-el-gone',
    from: [ELEMENT_FILE, 197],
    says: 'An element that was removed is an error',
    page: below(50, 50),
    request: { ...VIEW, scripts: ["document.querySelector('#a').remove()"], timeouts: { action: 500 }, ...element() },
    expect: { failed: 'action_timeout' },
  },
  {
    id: 'pw-el-invisible',
    from: [ELEMENT_FILE, 205],
    says: 'An element that never becomes visible is an error after the time for it',
    page: below(0, 0),
    request: { ...VIEW, timeouts: { action: 700 }, ...element() },
    expect: { failed: 'action_timeout' },
  },
  {
    id: 'pw-el-visible-late',
    from: [ELEMENT_FILE, 213],
    says: 'An element that becomes visible later is waited for',
    page: bare(
      `${box(RED, 50, 50, 'id="a" hidden')}<script>setTimeout(() => { document.querySelector('#a').hidden = false }, 1500)</script>`,
    ),
    request: { ...VIEW, waitUntil: 'load', ...element() },
    expect: { width: 50, height: 50, colors: [[25, 25, RED]] },
  },
  {
    id: 'pw-el-fraction',
    from: [ELEMENT_FILE, 231],
    says: 'An element of 48.51 × 19.8 pixels is captured whole',
    page: bare(box(RED, 48.51, 19.8, 'id="a"')),
    request: { ...VIEW, ...element() },
    expect: { width: 49, height: 20 },
  },
  {
    id: 'pw-el-offset',
    from: [ELEMENT_FILE, 238],
    says: 'So is one that begins between two pixels',
    page: bare(box(RED, 48, 19, 'id="a"'), '#a{position:absolute;left:10.3px;top:20.4px}'),
    request: { ...VIEW, ...element() },
    expect: { width: 49, height: 20 },
  },
  {
    id: 'pw-el-moving',
    from: [ELEMENT_FILE, 245],
    says: 'An element that moves is captured when it has come to rest',
    page: bare(
      box(RED, 50, 50, 'id="a"'),
      '#a{animation:go 1.2s linear}@keyframes go{from{transform:translateX(0)}to{transform:translateX(300px)}}',
    ),
    request: { ...VIEW, ...element() },
    expect: {
      width: 50,
      height: 50,
      colors: [
        [0, 0, RED],
        [49, 49, RED],
      ],
    },
  },
  {
    id: 'pw-el-disabled',
    from: [ELEMENT_FILE, 255],
    says: 'A disabled button can be captured',
    page: bare('<button id="a" disabled style="width:80px;height:30px;border:0;background:#ff0000"></button>'),
    request: { ...VIEW, ...element() },
    expect: { width: 80, height: 30, colors: [[40, 15, RED]] },
  },
  {
    id: 'pw-el-no-resize',
    from: [ELEMENT_FILE, 283],
    says: 'The page sees no change of size on account of an element’s picture',
    page: bare(
      `${box(RED, 80, 60, 'id="a"')}<script>addEventListener('resize', () => { document.querySelector('#a').style.background = 'blue' })</script>`,
    ),
    request: { ...VIEW, ...element() },
    expect: { colors: [[40, 30, RED]] },
  },
];
