import type { PeerCase } from '../peer-case.ts';
import { BLUE, bare, box, GREEN, PNG, RED, SMALL, WHITE } from './pages.ts';

const FILE = 'tests/page/page-screenshot.spec.ts';
const VIEW = { viewport: { width: 500, height: 500 } };
const small = { viewport: SMALL };
const png = (more: Record<string, unknown>) => ({ output: { format: 'png', ...more } });
/** Two blocks, side by side. */
const PAIR = bare(box(BLUE, 100, 100, 'id="a"') + box(BLUE, 100, 100, 'id="b"'));
const TURN = '@keyframes turn{from{background:#00ff00}to{background:#0000ff}}';
const MASK = '#ff00ff';

export const playwrightMask: readonly PeerCase[] = [
  {
    id: 'pw-mask',
    from: [FILE, 524],
    says: 'A mask covers an element',
    page: PAIR,
    request: { ...VIEW, ...png({ mask: ['#a'] }) },
    expect: {
      colors: [
        [50, 50, MASK],
        [50, 150, BLUE],
      ],
    },
  },
  {
    id: 'pw-masks',
    from: [FILE, 550],
    says: 'Masks cover several elements',
    page: PAIR,
    request: { ...VIEW, ...png({ mask: ['#a', '#b'] }) },
    expect: {
      colors: [
        [50, 50, MASK],
        [50, 150, MASK],
      ],
    },
  },
  {
    id: 'pw-mask-in-frame',
    from: [FILE, 561],
    says: 'A mask covers an element inside a frame',
    page: bare('<iframe src="{site}/in" style="border:0;width:300px;height:300px"></iframe>'),
    serve: { '/in': { body: PAIR } },
    request: { ...VIEW, ...png({ mask: ['#a'] }) },
    expect: {
      colors: [
        [50, 50, MASK],
        [50, 150, BLUE],
      ],
    },
  },
  {
    id: 'pw-mask-stalled-frame',
    from: [FILE, 602],
    says: 'A frame whose page never comes does not hold up a mask',
    page: bare(`${box(BLUE, 100, 100, 'id="a"')}<iframe src="{site}/never" style="width:300px;height:300px"></iframe>`),
    serve: { '/never': { hang: 'at once' } },
    request: { ...VIEW, waitUntil: 'domcontentloaded', ...png({ mask: ['#a'] }) },
    expect: { colors: [[50, 50, MASK]] },
  },
  {
    id: 'pw-mask-color',
    from: [FILE, 629],
    says: 'The mask can have another color',
    page: PAIR,
    request: { ...VIEW, ...png({ mask: ['#a'], maskColor: '#00ff00' }) },
    expect: {
      colors: [
        [50, 50, GREEN],
        [50, 150, BLUE],
      ],
    },
    needs: 'output.maskColor',
  },
  {
    id: 'pw-hide',
    from: [FILE, 638],
    says: 'Hidden elements keep their place',
    page: PAIR,
    request: { ...VIEW, hide: ['#a'] },
    expect: {
      colors: [
        [50, 50, WHITE],
        [50, 150, BLUE],
      ],
    },
  },
  {
    id: 'pw-remove',
    from: [FILE, 653],
    says: 'Removed elements leave none',
    page: PAIR,
    request: { ...VIEW, remove: ['#a'] },
    expect: {
      colors: [
        [50, 50, BLUE],
        [50, 150, WHITE],
      ],
    },
  },
  {
    id: 'pw-endless',
    from: [FILE, 678],
    says: 'An endless animation is put back to before its beginning',
    page: bare(box(RED, 100, 100, 'class="t"'), `.t{animation:turn 1s infinite}${TURN}`),
    request: small,
    times: 2,
    expect: { colors: [[50, 50, RED]], sameBytes: true },
  },
  {
    id: 'pw-pseudo',
    from: [FILE, 693],
    says: 'So is that of a pseudo element',
    page: bare(
      '<p></p>',
      `p{margin:0}p::after{content:"";display:block;width:100px;height:100px;background:#ff0000;animation:turn 1s infinite}${TURN}`,
    ),
    request: small,
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'pw-shadow-animation',
    from: [FILE, 708],
    says: 'So is one in a shadow tree',
    page: bare(
      `<div></div><script>document.querySelector('div').attachShadow({ mode: 'open' }).innerHTML = '<style>b{display:block;width:100px;height:100px;background:#ff0000;animation:turn 1s infinite}${TURN}</style><b></b>'</script>`,
    ),
    request: small,
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'pw-late-animation',
    from: [FILE, 723],
    says: 'So is one that begins right before the picture',
    page: bare(box(RED), `.t{animation:turn 1s infinite}${TURN}`),
    request: { ...small, waitUntil: 'load', scripts: ["document.querySelector('div').className = 't'"] },
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'pw-web-animation',
    from: [FILE, 754],
    says: 'So is one made by a script',
    page: bare(
      `${box(RED)}<script>document.querySelector('div').animate([{ background: '#00ff00' }, { background: '#0000ff' }], { duration: 1000, iterations: Infinity })</script>`,
    ),
    request: { ...small, waitUntil: 'load' },
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'pw-transition-end',
    from: [FILE, 774],
    says: 'A transition that ends is brought to its end, and the page hears of it',
    page: bare(
      `${box(RED, 100, 50)}${box(RED, 100, 50, 'id="heard"')}<script>const [a, heard] = document.querySelectorAll('div'); a.ontransitionend = () => { heard.style.background = '#0000ff' }; a.style.transition = 'background 30s linear'; requestAnimationFrame(() => requestAnimationFrame(() => { a.style.background = '#00ff00' }))</script>`,
    ),
    request: { ...small, waitUntil: 'load', delay: 300 },
    expect: {
      colors: [
        [50, 25, GREEN],
        [50, 75, BLUE],
      ],
    },
  },
  {
    id: 'pw-transition-layout',
    from: [FILE, 800],
    says: 'What the page changes when it hears of the end is in the picture',
    page: bare(
      `${box(RED)}<script>const a = document.querySelector('div'); a.ontransitionend = () => { a.style.marginTop = '50px' }; a.style.transition = 'background 30s linear'; requestAnimationFrame(() => requestAnimationFrame(() => { a.style.background = '#00ff00' }))</script>`,
    ),
    request: { ...small, waitUntil: 'load', delay: 300 },
    expect: {
      colors: [
        [50, 25, WHITE],
        [50, 75, GREEN],
      ],
    },
  },
  {
    id: 'pw-still-animation',
    from: [FILE, 838],
    says: 'An animation that stands still stays where it stands',
    page: bare(
      `${box(RED)}<script>const a = document.querySelector('div').animate([{ background: '#00ff00' }, { background: '#00ff00' }], { duration: 1000 }); a.updatePlaybackRate(0)</script>`,
    ),
    request: { ...small, waitUntil: 'load' },
    expect: { colors: [[50, 50, GREEN]] },
  },
  {
    id: 'pw-too-large',
    from: [FILE, 969],
    says: 'A picture that is too large is an error that says so',
    page: bare(box(RED, 100, 60000)),
    request: png({ fullPage: true }),
    expect: { failed: 'output_too_large' },
  },
  {
    id: 'pw-transform',
    from: [FILE, 987],
    says: 'Transforms are drawn',
    page: bare(box(RED, 100, 100, 'class="r"'), '.r{margin:100px;transform:rotate(45deg)}'),
    request: { viewport: { width: 300, height: 300 }, output: PNG },
    expect: {
      colors: [
        [105, 105, WHITE],
        [150, 90, RED],
      ],
    },
  },
  {
    id: 'pw-shadow',
    from: [FILE, 1031],
    says: 'Shadows are drawn',
    page: bare(box(RED, 50, 50, 'class="s"'), '.s{box-shadow:50px 0 0 0 #0000ff}'),
    request: small,
    expect: {
      colors: [
        [25, 25, RED],
        [75, 25, BLUE],
      ],
    },
  },
];
