import type { PeerCase } from '../peer-case.ts';
import { BLUE, bare, box, GREEN, RED, SMALL, WHITE } from './pages.ts';

const FILE = 'tests/page/page-screenshot.spec.ts';
const VIEW = { viewport: { width: 500, height: 500 } };
const small = { viewport: SMALL };
const png = (more: Record<string, unknown>) => ({ output: { format: 'png', ...more } });
/** Four bands of 250 pixels each: red, green, blue, white. */
const BANDS = bare([RED, GREEN, BLUE, WHITE].map((color) => box(color, 500, 250)).join(''));
const CARET = 'font-size:80px;border:0;padding:0;outline:0;caret-color:#ff0000;caret-animation:manual;width:300px';
const MASK = '#ff00ff';

export const playwrightPage: readonly PeerCase[] = [
  {
    id: 'pw-works',
    from: [FILE, 31],
    says: 'The picture is the view',
    page: BANDS,
    request: VIEW,
    expect: {
      width: 500,
      height: 500,
      colors: [
        [499, 0, RED],
        [0, 499, GREEN],
      ],
    },
  },
  {
    id: 'pw-caret',
    from: [FILE, 38],
    says: 'The text cursor is not in the picture',
    page: bare(`<input autofocus style="${CARET}">`),
    request: VIEW,
    times: 2,
    expect: { colors: [[0, 40, WHITE]], sameBytes: true },
  },
  {
    id: 'pw-caret-asked',
    from: [FILE, 65],
    says: 'It is there where it is asked for',
    page: bare(`<input autofocus style="${CARET}">`),
    request: { ...VIEW, ...png({ caret: 'initial' }) },
    expect: { colors: [[0, 40, RED]] },
    needs: 'output.caret',
  },
  {
    id: 'pw-caret-shadow',
    from: [FILE, 96],
    says: 'Nor is the text cursor of a field in a shadow tree',
    page: bare(
      `<div></div><script>const root = document.querySelector('div').attachShadow({ mode: 'open' }); root.innerHTML = '<input style="${CARET}">'; root.firstChild.focus()</script>`,
    ),
    request: VIEW,
    expect: { colors: [[0, 40, WHITE]] },
  },
  {
    id: 'pw-clip',
    from: [FILE, 140],
    says: 'A clip is a part of the page',
    page: BANDS,
    request: { ...VIEW, ...png({ clip: { x: 50, y: 200, width: 150, height: 100 } }) },
    expect: {
      width: 150,
      height: 100,
      colors: [
        [0, 0, RED],
        [0, 99, GREEN],
      ],
    },
  },
  {
    id: 'pw-clip-below',
    from: [FILE, 154],
    says: 'A clip may lie below the view',
    page: BANDS,
    request: { ...VIEW, ...png({ clip: { x: 50, y: 600, width: 150, height: 100 } }) },
    expect: { width: 150, height: 100, colors: [[75, 50, BLUE]] },
  },
  {
    id: 'pw-clip-edge',
    from: [FILE, 170],
    says: 'A clip that reaches over the edge is cut there',
    page: bare(box(RED, 500, 500)),
    request: { ...VIEW, ...png({ clip: { x: 50, y: 450, width: 1000, height: 100 } }) },
    expect: { width: 450, height: 50, colors: [[449, 49, RED]] },
  },
  {
    id: 'pw-clip-outside',
    from: [FILE, 184],
    says: 'A clip outside the page is an error',
    page: bare(''),
    request: { ...VIEW, ...png({ clip: { x: 50, y: 650, width: 100, height: 100 } }) },
    expect: { failed: 'action_failed', says: 'output.clip' },
  },
  {
    id: 'pw-clip-negative',
    from: [FILE, 198],
    says: 'A clip of negative size is refused',
    request: { ...VIEW, ...png({ clip: { x: 50, y: 50, width: -100, height: 100 } }) },
    expect: { refused: { status: 422, path: 'output.clip.width' } },
  },
  {
    id: 'pw-parallel',
    from: [FILE, 212],
    says: 'Several pictures at the same time are the same',
    page: BANDS,
    request: VIEW,
    together: 3,
    expect: { sameBytes: true },
  },
  {
    id: 'pw-full-page',
    from: [FILE, 230],
    says: 'The full page is the whole page',
    page: BANDS,
    request: { ...VIEW, ...png({ fullPage: true }) },
    expect: { width: 500, height: 1000, colors: [[250, 600, BLUE]] },
  },
  {
    id: 'pw-full-page-mask',
    from: [FILE, 239],
    says: 'A mask reaches elements below the view of a full page',
    page: bare(`${box(GREEN, 500, 900)}${box(RED, 100, 100, 'id="a"')}`),
    request: { ...VIEW, ...png({ fullPage: true, mask: ['#a'] }) },
    expect: {
      height: 1000,
      colors: [
        [50, 950, MASK],
        [50, 50, GREEN],
      ],
    },
  },
  {
    id: 'pw-transparent',
    from: [FILE, 258],
    says: 'Transparency on request',
    page: bare(box(RED, 50, 50)),
    request: { ...small, ...png({ omitBackground: true }) },
    expect: {
      colors: [
        [90, 90, 'clear'],
        [10, 10, RED],
      ],
    },
  },
  {
    id: 'pw-jpeg-white',
    from: [FILE, 275],
    says: 'A page without a background is white in a JPEG',
    page: bare(''),
    request: { ...small, output: { format: 'jpeg' } },
    expect: { colors: [[50, 50, WHITE]] },
  },
  {
    id: 'pw-webp',
    from: [FILE, 282],
    says: 'A WebP that other programs can read',
    page: BANDS,
    request: { ...VIEW, output: { format: 'webp' } },
    expect: { contentType: 'image/webp', width: 500, height: 500, colors: [[0, 0, RED]] },
  },
  {
    id: 'pw-webp-quality',
    from: [FILE, 300],
    says: 'WebP takes a quality',
    page: BANDS,
    request: { ...VIEW, output: { format: 'webp', quality: 10 } },
    expect: { width: 500, bytesBelow: 4000 },
  },
  {
    id: 'pw-webp-lossless',
    from: [FILE, 307],
    says: 'WebP loses nothing unless a quality is given',
    page: bare('', 'html,body{height:100%}body{background:repeating-linear-gradient(90deg,#ff0000 0 1px,#0000ff 1px 2px)}'),
    request: { ...small, output: { format: 'webp' } },
    expect: {
      colors: [
        [50, 50, RED],
        [51, 50, BLUE],
      ],
    },
    miss: 'by contract WebP has quality 80 unless another is given; PNG is the format that loses nothing',
  },
  {
    id: 'pw-webp-transparent',
    from: [FILE, 313],
    says: 'WebP can be transparent',
    page: bare(box(RED, 50, 50)),
    request: { ...small, output: { format: 'webp', omitBackground: true } },
    expect: { colors: [[90, 90, 'clear']] },
  },
  {
    id: 'pw-webp-range',
    from: [FILE, 337],
    says: 'A quality out of range is refused',
    request: { output: { format: 'webp', quality: 101 } },
    expect: { refused: { status: 422, path: 'output.quality' } },
  },
  {
    id: 'pw-odd-clip',
    from: [FILE, 342],
    says: 'A clip of odd size is exact on a dense screen',
    page: BANDS,
    request: { ...VIEW, deviceScaleFactor: 2, ...png({ clip: { x: 0, y: 0, width: 11, height: 11 } }) },
    expect: { width: 11, height: 11 },
  },
  {
    id: 'pw-canvas',
    from: [FILE, 356],
    says: 'A canvas is in the picture',
    page: bare(
      '<canvas width="100" height="100"></canvas><script>const c = document.querySelector("canvas").getContext("2d"); c.fillStyle = "#00ff00"; c.fillRect(0, 0, 100, 100)</script>',
    ),
    request: small,
    expect: { colors: [[50, 50, GREEN]] },
  },
  {
    id: 'pw-canvas-changes',
    from: [FILE, 364],
    says: 'What was drawn last is in the picture',
    page: bare(
      '<canvas width="100" height="100"></canvas><script>const c = document.querySelector("canvas"); const d = c.getContext("2d"); c.onclick = () => { d.fillStyle = d.fillStyle === "#00ff00" ? "#0000ff" : "#00ff00"; d.fillRect(0, 0, 100, 100) }</script>',
    ),
    request: {
      ...small,
      actions: [
        { type: 'click', selector: 'canvas' },
        { type: 'click', selector: 'canvas' },
      ],
    },
    expect: { colors: [[50, 50, BLUE]] },
  },
  {
    id: 'pw-webgl',
    from: [FILE, 394],
    says: 'What WebGL draws is in the picture',
    page: bare(
      '<canvas width="100" height="100"></canvas><script>const g = document.querySelector("canvas").getContext("webgl", { preserveDrawingBuffer: true }); g.clearColor(0, 1, 0, 1); g.clear(g.COLOR_BUFFER_BIT)</script>',
    ),
    request: small,
    expect: { colors: [[50, 50, GREEN]] },
  },
  {
    id: 'pw-translate-z',
    from: [FILE, 404],
    says: 'So is what stands in a space of its own',
    page: bare(box(RED, 100, 100, 'class="z"'), '.z{transform:perspective(100px) translateZ(0)}'),
    request: small,
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'pw-shadow-frame',
    from: [FILE, 424],
    says: 'A frame inside a shadow tree is in the picture',
    page: bare(
      `<div></div><script>document.querySelector('div').attachShadow({ mode: 'open' }).innerHTML = '<iframe src="{site}/in" style="border:0;width:100px;height:100px"></iframe>'</script>`,
    ),
    serve: { '/in': { body: bare('', 'body{background:#00ff00}') } },
    request: small,
    expect: { colors: [[50, 50, GREEN]] },
  },
  ...[10, 0].map(
    (quality): PeerCase => ({
      id: `pw-png-quality-${quality}`,
      from: [FILE, quality ? 460 : 465],
      says: `A quality of ${quality} is refused for PNG`,
      request: png({ quality }),
      expect: { refused: { status: 422, path: 'output.quality' } },
    }),
  ),
  {
    id: 'pw-jpeg-quality',
    from: [FILE, 470],
    says: 'A low quality makes a JPEG small',
    page: BANDS,
    request: { ...VIEW, output: { format: 'jpeg', quality: 10 } },
    expect: { bytesBelow: 6000 },
  },
  {
    id: 'pw-no-resize',
    from: [FILE, 483],
    says: 'The page sees no change of size on account of the picture',
    page: bare(`${box(RED)}<script>addEventListener('resize', () => { document.querySelector('div').style.background = 'blue' })</script>`),
    request: small,
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'pw-no-array',
    from: [FILE, 496],
    says: 'A page that has deleted Array is captured',
    page: bare(`${box(RED)}<script>delete window.Array</script>`),
    request: { ...small, timeouts: { readiness: 3000 }, ...png({ mask: ['#none'] }) },
    expect: { colors: [[50, 50, RED]] },
  },
];
