import type { PeerCase } from '../peer-case.ts';
import { BLUE, bare, box, PDF, RED, SMALL, WHITE } from './pages.ts';

const SHOT_FILE = 'packages/screenshot/test/index.js';
const FULL_FILE = 'packages/screenshot/test/prepare-full-document.js';
const READY_FILE = 'packages/screenshot/test/wait-for-ready-live.js';
const PDF_FILE = 'packages/browserless/test/pdf.js';
const SHADOW_FILE = 'packages/browserless/test/shadow-dom.js';
const small = { viewport: SMALL };
const IMAGE = (color: string) => ({
  headers: { 'content-type': 'image/svg+xml' },
  body: `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><rect width="100" height="100" fill="${color}"/></svg>`,
});
const slow = (ms: number, color: string) => ({ ...IMAGE(color), delayMs: ms });
const SHADOW = (inner: string, light = '') =>
  bare(`<x-a>${light}</x-a><script>document.querySelector('x-a').attachShadow({ mode: 'open' }).innerHTML = \`${inner}\`</script>`);

export const microlinkReady: readonly PeerCase[] = [
  {
    id: 'ml-quality-png',
    from: [SHOT_FILE, 82],
    says: 'A quality without a format that has one gives a PNG all the same',
    page: bare(box(RED)),
    request: { output: { format: 'png', quality: 80 } },
    expect: { contentType: 'image/png' },
    miss: 'a quality for PNG is refused with 422 that says for which formats it is',
  },
  {
    id: 'ml-quality-jpeg',
    from: [SHOT_FILE, 82],
    says: 'A quality with JPEG is kept',
    page: bare(box(RED)),
    request: { ...small, output: { format: 'jpeg', quality: 80 } },
    expect: { contentType: 'image/jpeg' },
  },
  {
    id: 'ml-graphics',
    from: [SHOT_FILE, 13],
    says: 'Pages have a working WebGL',
    page: bare(
      '<canvas></canvas><p id="p"></p><script>document.querySelector("#p").textContent = document.querySelector("canvas").getContext("webgl") ? "has it" : "has none"</script>',
    ),
    request: { output: PDF },
    expect: { text: ['has it'] },
  },
  {
    id: 'ml-moving-on',
    from: [FULL_FILE, 7],
    says: 'A page that goes elsewhere while it is scrolled through is captured',
    page: bare(
      `${box(RED, 100, 3000)}<script>addEventListener('scroll', () => { location.href = '{site}/next' }, { once: true })</script>`,
    ),
    serve: { '/next': { body: bare(box(BLUE, 100, 1500)) } },
    request: { ...small, output: { format: 'png', fullPage: true } },
    expect: { height: 1500, colors: [[50, 50, BLUE]] },
  },
  {
    id: 'ml-slow-image',
    from: [READY_FILE, 38],
    says: 'A picture in the view is waited for',
    page: bare('<img src="{site}/a.svg" style="display:block">'),
    serve: { '/a.svg': slow(1200, '#ff0000') },
    request: small,
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'ml-hidden-image',
    from: [READY_FILE, 56],
    says: 'A hidden picture that never comes is not waited for',
    page: bare(`${box(RED)}<img hidden loading="lazy" src="{site}/never.svg">`),
    serve: { '/never.svg': { hang: 'at once' } },
    request: small,
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'ml-no-image',
    from: [READY_FILE, 67],
    says: 'A page without pictures is ready at once',
    page: bare(box(RED)),
    request: small,
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'ml-broken-image',
    from: [READY_FILE, 75],
    says: 'A broken picture does not hold up the capture',
    page: bare(`${box(RED)}<img src="{site}/missing.svg">`),
    request: small,
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'ml-white-text',
    from: [READY_FILE, 154],
    says: 'A page that is white on purpose is captured',
    page: bare('<p style="color:#fff">white on white</p>'),
    request: small,
    expect: { colors: [[50, 50, WHITE]] },
  },
  {
    id: 'ml-no-root',
    from: [READY_FILE, 181],
    says: 'A document without a root is captured',
    page: bare('<script>document.documentElement.remove()</script>'),
    request: small,
    expect: { width: 100, height: 100 },
  },
  {
    id: 'ml-lazy-below',
    from: [READY_FILE, 205],
    says: 'A lazy picture below the view is not waited for where the view is captured',
    page: bare(`${box(RED, 100, 9000)}<img loading="lazy" src="{site}/never.svg">`),
    serve: { '/never.svg': { hang: 'at once' } },
    request: small,
    expect: { colors: [[50, 50, RED]] },
  },
  {
    id: 'ml-pdf-moving',
    from: [PDF_FILE, 125],
    says: 'A page that loads again while it is prepared becomes a PDF',
    page: bare(
      `<p>again</p><script>if (!sessionStorage.again) { sessionStorage.again = 1; setTimeout(() => location.reload(), 300) }</script>`,
    ),
    request: { output: PDF },
    expect: { text: ['again'] },
  },
  {
    id: 'ml-pdf-overlay',
    from: [PDF_FILE, 305],
    says: 'Text that a loading screen covers is not taken for the finished page',
    page: bare(
      `<p id="t">old</p><div id="o" aria-busy="true" style="position:fixed;inset:0;background:#fff"></div><script>setTimeout(() => { document.querySelector('#t').textContent = 'new text'; document.querySelector('#o').remove() }, 1500)</script>`,
    ),
    request: { output: PDF },
    expect: { text: ['new text'] },
  },
  {
    id: 'ml-shadow',
    from: [SHADOW_FILE, 68],
    says: 'What lies in a shadow tree is in the result',
    page: SHADOW('<p>in the shadow</p>'),
    request: { output: PDF },
    expect: { text: ['in the shadow'] },
  },
  {
    id: 'ml-shadow-nested',
    from: [SHADOW_FILE, 83],
    says: 'also in a shadow tree inside another',
    page: bare(
      `<x-a></x-a><script>const a = document.querySelector('x-a').attachShadow({ mode: 'open' }); a.innerHTML = '<x-b></x-b>'; a.firstChild.attachShadow({ mode: 'open' }).innerHTML = '<p>deep down</p>'</script>`,
    ),
    request: { output: PDF },
    expect: { text: ['deep down'] },
  },
  {
    id: 'ml-slot',
    from: [SHADOW_FILE, 184],
    says: 'What is slotted into it is there',
    page: SHADOW('<b>before</b> <slot></slot>', '<i>slotted</i>'),
    request: { output: PDF },
    expect: { text: ['before slotted'] },
  },
  {
    id: 'ml-slot-empty',
    from: [SHADOW_FILE, 256],
    says: 'An empty slot is nothing',
    page: SHADOW('<b>before</b><slot></slot><b>after</b>'),
    request: { output: PDF },
    expect: { text: ['beforeafter'] },
  },
  {
    id: 'ml-slot-fallback',
    from: [SHADOW_FILE, 268],
    says: 'A slot without content shows its own',
    page: SHADOW('<slot>fallback</slot>'),
    request: { output: PDF },
    expect: { text: ['fallback'] },
  },
];
