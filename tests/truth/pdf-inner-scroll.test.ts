import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaptureResult } from '#runner/browser/capture-page.ts';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import type { CaptureRequestInput } from '#shared/capture-request.ts';

/** An app that scrolls inside a shell prints whole: every row once, in order, on as many pages as it takes. */
const run = promisify(execFile);
const COUNT = 300;
const rows = (name: string, count = COUNT) =>
  Array.from({ length: count }, (_entry, at) => `<div class="row">${name}${at}.</div>`).join('');
const styled = (css: string, body: string) =>
  `<!doctype html><style>*{box-sizing:border-box}body{margin:0}.row{height:30px;border-bottom:1px solid #999}${css}</style>${body}`;
const SHELL = 'html,body{height:100%;overflow:hidden}';

const PAGES: Record<string, string> = {
  'a flex shell': styled(
    `${SHELL}#app{height:100%;display:flex;flex-direction:column}main{flex:1;min-height:0;overflow:auto}`,
    `<div id="app"><header>header</header><main>${rows('a')}</main><footer>footer</footer></div>`,
  ),
  'a grid shell': styled(
    `${SHELL}#app{height:100vh;display:grid;grid-template:60px minmax(0,1fr) 40px / 200px 1fr}#top,#end{grid-column:1/-1}main{overflow-y:auto}`,
    `<div id="app"><div id="top">header</div><nav>side</nav><main>${rows('a')}</main><div id="end">footer</div></div>`,
  ),
  'a list in a list': styled(
    `${SHELL}main{height:100%;overflow:auto}.list{max-height:200px;overflow-y:auto;border:1px solid}`,
    `<main>header<div class="list">${rows('a')}</div>footer</main>`,
  ),
  'a sticky head': styled(
    `${SHELL}main{height:100vh;overflow:auto}.head{position:sticky;top:0;background:#dde}`,
    `<main><div class="head">header</div>${rows('a')}footer</main>`,
  ),
  'a fixed box': styled(
    'main{position:fixed;inset:50px 0 0 0;overflow-y:scroll}',
    `<header>header</header><main>${rows('a')}footer</main>`,
  ),
  'an absolute shell': styled(
    `${SHELL}#app{position:fixed;inset:0}#app>*{position:absolute}#top{top:0;left:0;right:0;height:50px}nav{top:50px;bottom:0;left:0;width:150px}main{top:50px;bottom:0;left:150px;right:0;overflow:auto}`,
    `<div id="app"><div id="top">header</div><nav>side</nav><main>${rows('a')}footer</main></div>`,
  ),
  'a shadow tree': styled(
    `${SHELL}app-shell{display:block;height:100%}`,
    `<app-shell>${rows('a')}</app-shell><script>customElements.define('app-shell', class extends HTMLElement { connectedCallback() { this.attachShadow({ mode: 'open' }).innerHTML = '<style>#a{height:100%;display:flex;flex-direction:column}#m{flex:1;overflow:auto}</style><div id="a"><div>header</div><div id="m"><slot></slot></div><div>footer</div></div>' } })</script>`,
  ),
  'rows that are drawn when they are in view': styled(
    `${SHELL}#list{height:100%;overflow:auto}#rows{position:relative;height:9000px}.row{position:absolute;left:0;right:0}`,
    `header<div id="list"><div id="rows"></div></div><script>const draw = () => { const first = Math.floor(list.scrollTop / 30), last = Math.min(300, first + Math.ceil(list.clientHeight / 30)); rows.innerHTML = ''; for (let i = first; i < last; i++) rows.insertAdjacentHTML('beforeend', '<div class="row" style="top:' + i * 30 + 'px">a' + i + '.</div>'); }; list.onscroll = draw; new ResizeObserver(draw).observe(list)</script>`,
  ),
};
const PANES = styled(
  `${SHELL}#panes{height:100vh;display:flex}#panes>*{flex:1;overflow:auto;height:100%}`,
  `<div id="panes"><div>${rows('a')}</div><div>${rows('b')}</div></div>`,
);
const WINDOWED = styled(
  `${SHELL}#list{height:600px;overflow:auto}#rows{position:relative;height:20000px}.row{position:absolute;left:0;right:0}`,
  `<div id="list"><div id="rows">${Array.from({ length: 20 }, (_entry, at) => `<div class="row" style="top:${at * 30}px">a${at}.</div>`).join('')}</div></div>`,
);
const CHARTS = styled(
  `${SHELL}#app{height:100vh;display:flex}#side,#list{flex:1;overflow:auto;height:100%}.chart,.chart svg{height:100%;width:100%;display:block}`,
  `<div id="app"><div id="side"><div class="chart"><svg><text y="50%">middle</text></svg></div>${rows('b')}</div><div id="list">${rows('a')}</div></div>`,
);
const tile = (top: number, body: string) =>
  `<div style="position:absolute;width:300px;height:280px;transform:translate(0,${top}px)"><div style="height:100%;overflow:auto">${body}</div></div>`;
const TILES = styled(SHELL, `<div style="position:relative;height:600px">${tile(0, rows('a'))}${tile(300, rows('b'))}</div>`);
let site: TestSite;

beforeAll(async () => {
  const all: Record<string, string> = { ...PAGES, panes: PANES, windowed: WINDOWED, charts: CHARTS, tiles: TILES };
  site = await startTestSite(({ path }) => html(all[decodeURIComponent(path).slice(1)] ?? ''));
});
afterAll(() => site.close());

const capture = (name: string, output: Partial<CaptureRequestInput['output']> = {}, more: { media?: 'screen' } = {}) =>
  site.capture({ url: `https://app.example.com/${encodeURIComponent(name)}`, output: { ...output, format: 'pdf' }, ...more });
const textOf = async (result: CaptureResult) =>
  (await run('pdftotext', ['-layout', result.ok ? result.file : expect.fail(result.failure.detail), '-'])).stdout;
const rowsIn = (text: string, name: string) => [...text.matchAll(new RegExp(`\\b${name}(\\d+)\\.`, 'g'))].map((match) => Number(match[1]));
const ALL = Array.from({ length: COUNT }, (_entry, at) => at);

describe('a PDF of an app that scrolls inside', () => {
  it.each(Object.keys(PAGES))('has every row once and in order: %s', async (name) => {
    const result = await capture(name);
    const text = await textOf(result);
    expect(rowsIn(text, 'a')).toEqual(ALL);
    expect(text.match(/header/g)).toHaveLength(1);
    // 300 rows of 30 px on sheets of 1122: a row at a break may go over, a void may not come.
    expect(result).toMatchObject({ ok: true, pages: 9 });
  });

  it('has the rows of panes that lie side by side, on one page, and as the screen shows them', async () => {
    const text = await textOf(await capture('panes'));
    for (const name of ['a', 'b']) expect(rowsIn(text, name)).toEqual(ALL);
    const onePage = await capture('a flex shell', { pdf: { singlePage: true } });
    expect(onePage).toMatchObject({ ok: true, pages: 1 });
    expect(rowsIn(await textOf(onePage), 'a')).toEqual(ALL);
    expect(rowsIn(await textOf(await capture('a grid shell', {}, { media: 'screen' })), 'a')).toEqual(ALL);
  });

  it('keeps the size of a chart that takes a share of the area', async () => {
    const file = await capture('charts');
    const boxes = (await run('pdftotext', ['-f', '1', '-l', '1', '-bbox', file.ok ? file.file : '', '-'])).stdout;
    // Half of the 720 px that the screen has, in points.
    expect(Number(/yMax="([\d.]+)">middle/.exec(boxes)?.[1])).toBeCloseTo(273, -1);
    expect(rowsIn(await textOf(file), 'b')).toEqual(ALL);
  });

  it('leaves tiles that are placed one by one as the screen shows them', async () => {
    const result = await capture('tiles');
    expect(result).toMatchObject({ ok: true, pages: 1 });
    const text = await textOf(result);
    for (const name of ['a', 'b']) expect(rowsIn(text, name)[0]).toBe(0);
  });

  it('leaves a list closed that would be a void, and every area where it is told so', async () => {
    expect(await capture('windowed')).toMatchObject({ ok: true, pages: 1 });
    const closed = await capture('a flex shell', { expandScrollContainers: false });
    expect(closed).toMatchObject({ ok: true, pages: 1 });
    expect(rowsIn(await textOf(closed), 'a').length).toBeLessThan(60);
  });
});
