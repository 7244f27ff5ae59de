import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaptureResult } from '#runner/browser/capture-page.ts';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';

/** A PDF holds the finished page, as print shows it. */
const APP = 'https://app.example.com';
const run = promisify(execFile);
let site: TestSite;

const PAGES: Record<string, string> = {
  // The menu that proves who is signed in is not printed, and a button of the page is not either.
  '/app': `<style>@media print { nav { display: none } }</style><nav><b id="user">Ann</b> <button onclick="document.getElementById('range').textContent = 'Last 30 days'">30</button></nav><p id="range">Last 7 days</p>`,
  // A chart that is drawn anew for print, from data that it asks for then.
  '/chart': `<p id="chart">screen chart</p><script>matchMedia('print').addEventListener('change', async (event) => { if (!event.matches) return; document.getElementById('chart').textContent = 'loading'; const answer = await fetch('/data'); document.getElementById('chart').textContent = await answer.text() })</script>`,
  // Chart libraries wait a moment for their container to stop changing, and redraw then.
  '/debounced': `<p id="chart">screen chart</p><script>matchMedia('print').addEventListener('change', (event) => { if (event.matches) setTimeout(() => { document.getElementById('chart').textContent = 'print chart' }, 50) })</script>`,
  '/resized': `<style>#box { width: 700px } @media print { #box { width: 300px } }</style><div id="box"><p id="chart"></p></div><script>const chart = document.getElementById('chart'); let timer; new ResizeObserver(([entry]) => { clearTimeout(timer); timer = setTimeout(() => { chart.textContent = 'chart of ' + entry.contentRect.width }, 50) }).observe(document.getElementById('box'))</script>`,
  // The same before there were observers: a hidden area inside the box scrolls when the box shrinks.
  '/sensed': `<style>#box { position: relative; width: 700px } @media print { #box { width: 300px } } #sensor { position: absolute; inset: 0; overflow: scroll; visibility: hidden } #sensor i { display: block; width: 200%; height: 200% }</style><div id="box"><div id="sensor"><i></i></div><p id="chart"></p></div><script>const box = document.getElementById('box'), sensor = document.getElementById('sensor'); const draw = () => { document.getElementById('chart').textContent = 'chart of ' + box.offsetWidth; sensor.scrollLeft = 10000 }; draw(); sensor.addEventListener('scroll', () => setTimeout(draw, 16))</script>`,
  '/lazy': `<div style="height:6000px">top</div><img loading="lazy" src="/lazy.svg" width="200" height="30" alt="">`,
  '/scripts': '<h1>мир שלום مرحبا Ünï</h1><p><a href="https://app.example.com/next">next page</a></p>',
  '/east-asian': `<html lang="zh"><h1>季度报告</h1><p>销售额增长了百分之十二。</p><p lang="ja">東京の売上、カタカナとひらがな。</p><p lang="ko">매출 보고서</p><table><tr><td>合計</td><td>一二三</td></tr></table><p style="font-family:serif">衬线字体</p>`,
  '/embed': '<iframe src="https://bi.example.org/board" width="400" height="100"></iframe>',
};

beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    if (path === '/data') return { body: 'print chart ready' };
    if (path === '/lazy.svg')
      return {
        headers: { 'content-type': 'image/svg+xml' },
        body: '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="30"><text y="20">lazy picture</text></svg>',
      };
    if (path === '/board') return html('<p>embedded board</p>');
    return html(PAGES[path] ?? '');
  });
});
afterAll(() => site.close());

type More = Partial<Parameters<TestSite['capture']>[0]>;
const pdf = (path: string, more: More = {}) => site.capture({ url: APP + path, output: { format: 'pdf' }, ...more });
const fileOf = (result: CaptureResult) => (result.ok ? result.file : expect.fail(result.failure.detail));
const textOf = async (result: CaptureResult) => (await run('pdftotext', [fileOf(result), '-'])).stdout;

describe('a PDF', () => {
  it('is made of a page that was used and judged on a screen, and is printed', async () => {
    const auth = { cookies: [{ name: 'sid', value: '1' }], verify: { selector: '#user' } };
    const actions = [{ type: 'click' as const, selector: 'button' }];
    const result = await pdf('/app', { auth, actions, expect: [{ selector: 'nav', state: 'visible' }] });
    expect(result).toMatchObject({ ok: true, observed: { verdict: 'authenticated' } });
    const text = await textOf(result);
    expect(text).toContain('Last 30 days');
    expect(text).not.toContain('Ann');
    expect(await textOf(await pdf('/app', { media: 'screen' }))).toContain('Ann');
  });

  it('waits for what print begins to load and draw', async () => {
    expect(await textOf(await pdf('/chart'))).toContain('print chart ready');
    expect(await textOf(await pdf('/chart', { media: 'screen' }))).toContain('screen chart');
    expect(await textOf(await pdf('/debounced'))).toContain('print chart');
    expect(await textOf(await pdf('/resized'))).toContain('chart of 300');
    expect(await textOf(await pdf('/sensed'))).toContain('chart of 300');
  });

  it('has the lazy pictures below the fold, and frames of others', async () => {
    expect(await textOf(await pdf('/lazy'))).toContain('lazy picture');
    expect(await textOf(await pdf('/embed'))).toContain('embedded board');
  });

  it('keeps text of every script and its links', async () => {
    const result = await pdf('/scripts');
    const text = await textOf(result);
    for (const part of ['мир', 'שלום', 'مرحبا', 'Ünï']) expect(text).toContain(part);
    expect((await run('pdfinfo', ['-url', fileOf(result)])).stdout).toContain('https://app.example.com/next');
  });

  it('holds Chinese, Japanese and Korean as text that can be searched, in fonts that come with it', async () => {
    const result = await pdf('/east-asian');
    const text = await textOf(result);
    for (const part of [
      '季度报告',
      '销售额增长了百分之十二。',
      '東京の売上、カタカナとひらがな。',
      '매출 보고서',
      '合計',
      '一二三',
      '衬线字体',
    ])
      expect(text).toContain(part);
    const fonts = (await run('pdffonts', [fileOf(result)])).stdout.trim().split('\n').slice(2);
    expect(fonts.length).toBeGreaterThan(0);
    // Columns from the right: two numbers of the object, Unicode map, subset, embedded.
    for (const [embedded, , unicode] of fonts.map((line) => line.trim().split(/\s+/).slice(-5)))
      expect([embedded, unicode]).toEqual(['yes', 'yes']);
  });
});
