import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
const box = (id: string, left: number, top: number, color: string, more = '') =>
  `<div id="${id}" style="position:absolute;left:${left}px;top:${top}px;width:100px;height:50px;background:${color};${more}"></div>`;
const PAGE = `<style>body{margin:0;height:3000px;background:#eee}</style>${box('one', 50, 40, 'red')}${box('two', 300, 1500, 'blue')}${box('tall', 600, 100, 'linear-gradient(lime,navy)', 'height:2000px')}
${box('turned', 900, 300, 'purple', 'rotate:90deg')}<shadow-box style="position:absolute;left:20px;top:2800px"></shadow-box>
<div style="position:absolute;left:20px;top:600px;width:200px;height:100px;overflow:auto"><div style="height:900px"></div><div id="deep" style="width:100px;height:50px;background:orange"></div></div>
<iframe style="position:absolute;left:100px;top:2000px;width:400px;height:200px;border:0" src="/frame"></iframe>
<script>document.querySelector('shadow-box').attachShadow({ mode: 'open' }).innerHTML = '<div id="inner" style="width:70px;height:30px;background:teal"></div>';</script>`;
/** Turns red when it hears of a change of the view. */
const WATCHFUL = `<style>body{margin:0;height:3000px;background:#eee}</style>${box('one', 50, 40, 'lime')}${box('two', 300, 1500, 'blue')}${box('three', 400, 100, 'navy')}
<script>for (const target of [window, visualViewport]) target.addEventListener('resize', () => document.body.style.setProperty('background', 'red'));
addEventListener('resize', () => { for (const one of document.querySelectorAll('div')) one.style.background = 'red'; });</script>`;
const PRIVATE = '<p class="private" style="margin:0;width:100px;height:50px;background:brown"></p>';
let JUMP_MS = 0;
let site: TestSite;
beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    if (path === '/frame')
      return html(
        '<style>body{margin:0;height:900px}</style><p id="far" style="margin:500px 0 0 30px;width:60px;height:40px;background:brown"></p>',
      );
    // A report in a frame of a frame: what is to be covered stands in each of the three documents.
    if (path === '/framed')
      return html(
        `<style>body{margin:0;background:#eee}</style>${PRIVATE}<iframe style="position:absolute;left:0;top:100px;width:400px;height:300px;border:0" src="/framed-1"></iframe><iframe style="position:absolute;left:0;top:900px;width:400px;height:80px;border:0" src="/framed-2"></iframe>`,
      );
    if (path === '/framed-1')
      return html(
        `<style>body{margin:0}</style>${PRIVATE}<iframe style="position:absolute;left:0;top:100px;width:300px;height:100px;border:0" src="/framed-2"></iframe>`,
      );
    if (path === '/framed-2') return html(`<style>body{margin:0}</style>${PRIVATE}`);
    if (path.startsWith('/many-frames'))
      return html(`${'<iframe srcdoc="" style="width:9px;height:9px"></iframe>'.repeat(Number(path.split('?')[1]))}`);
    if (path === '/typing')
      return html(
        '<style>body{margin:0}textarea{caret-color:red;width:300px;height:200px;font:60px/200px monospace;border:0;outline:0}</style><textarea autofocus></textarea>',
      );
    if (path === '/watchful') return html(WATCHFUL);
    if (path === '/smooth') return html(PAGE.replace('<style>', '<style>html{scroll-behavior:smooth}'));
    if (path === '/jumpy')
      return html(`${PAGE}<script>addEventListener('scroll', () => setTimeout(() => scrollTo(0, 0), ${JUMP_MS}))</script>`);
    if (path === '/leftward')
      return html(
        `<style>html{direction:rtl}body{margin:0;height:3000px}</style>${box('far', -900, 1500, 'teal')}${box('near', 700, 50, 'teal')}${box('edge', -1000, 2000, 'black')}`,
      );
    return html(PAGE);
  });
});
afterAll(() => site.close());

const take = async (output: object, path = '/') => {
  const result = await site.capture({
    url: APP + path,
    viewport: { width: 1000, height: 600 },
    output: { format: 'png', ...output },
    timeouts: { action: 1000 },
  });
  if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.detail}`);
  return PNG.sync.read(await readFile(result.file));
};
const size = (image: PNG) => [image.width, image.height];
const at = (image: PNG, x: number, y: number) => [...image.data.subarray((y * image.width + x) * 4).subarray(0, 3)];
const RED = [255, 0, 0];
const BLUE = [0, 0, 255];
const GROUND = [238, 238, 238];

it('several elements are in the smallest rectangle that holds them, wherever they lie', async () => {
  const image = await take({ selectors: ['#two', '#one'] });
  expect(size(image)).toEqual([350, 1510]);
  expect([at(image, 0, 0), at(image, 349, 1509), at(image, 349, 0)]).toEqual([RED, BLUE, GROUND]);
});

it('padding shows the page around them, and ends where the page does', async () => {
  const image = await take({ selector: '#one', padding: 45 });
  expect(size(image)).toEqual([50 - 5 + 100 + 45, 40 + 50 + 45]);
  expect([at(image, 44, 40), at(image, 45, 40), at(image, 0, 0)]).toEqual([GROUND, RED, GROUND]);
});

it.each([
  ['larger than the view', { selector: '#tall' }, [100, 2000], [0, 0, 128]],
  ['turned', { selector: '#turned' }, [50, 100], [128, 0, 128]],
  ['in a shadow root', { selector: '#inner' }, [70, 30], [0, 128, 128]],
  ['far down in an inner scroll area', { selector: '#deep' }, [100, 50], [255, 165, 0]],
  ['in a frame', { selector: '#far', frame: 'iframe' }, [60, 40], [165, 42, 42]],
])('an element %s is in its picture', async (_what, output, wanted, color) => {
  const image = await take(output);
  expect(size(image)).toEqual(wanted);
  const end = at(image, image.width - 2, image.height - 1);
  for (const [index, value] of color.entries()) expect(Math.abs((end[index] ?? -9) - value)).toBeLessThan(3);
});

it.each([
  ['an element', { selector: '#one' }, [100, 50], [0, 255, 0]],
  ['an element far down', { selector: '#two' }, [100, 50], [0, 0, 255]],
  ['an element with its surroundings', { selector: '#two', padding: 60 }, [220, 170], GROUND],
  ['two elements', { selectors: ['#one', '#three'] }, [450, 110], [0, 255, 0]],
  ['a clip in the view', { clip: { x: 40, y: 30, width: 120, height: 70 } }, [120, 70], GROUND],
  ['an element beside a mask', { selector: '#one', mask: ['#two'] }, [100, 50], [0, 255, 0]],
  ['a masked element far down', { selector: '#two', padding: 20, mask: ['#two'] }, [140, 90], GROUND],
] as const)('the page hears of no change of its view from the picture of %s', async (_what, output, wanted, color) => {
  const image = await take(output, '/watchful');
  expect(size(image)).toEqual(wanted);
  expect(at(image, 2, 2)).toEqual(color);
});

it.each([
  ['#far', 900],
  ['#near', 700],
])('%s of a page that reaches to the left of its view is in its picture and in that of the view, masked or not', async (selector, left) => {
  for (const [mask, color] of [
    [[], [0, 128, 128]],
    [[selector], [255, 0, 255]],
  ] as const) {
    const image = await take({ selector, padding: 10, mask }, '/leftward');
    expect(size(image)).toEqual([120, 70]);
    expect([at(image, 5, 5), at(image, 11, 11), at(image, 108, 58)]).toEqual([[255, 255, 255], color, color]);
    if (selector === '#near') expect(at(await take({ mask }, '/leftward'), left + 1, 51)).toEqual(color);
  }
});

it.each(['#two', '#inner'])('%s of a page that scrolls smoothly is in its picture, masked or not', async (selector) => {
  const plain = await take({ selector });
  for (const mask of [[], ['#nobody']]) expect((await take({ selector, mask }, '/smooth')).data.equals(plain.data)).toBe(true);
});

it('an element of a page that scrolls away from it is in its picture', async () => {
  for (JUMP_MS = 0; JUMP_MS < 24; JUMP_MS += 4) expect(at(await take({ selector: '#two' }, '/jumpy'), 50, 25)).toEqual(BLUE);
});

it('a selector that finds nothing or too much is named', async () => {
  await expect(take({ selectors: ['#one', '#nobody'] })).rejects.toThrow(
    /^action_timeout: The element of `output.selectors\[1\]` was not visible in time. Check the selector/,
  );
  await expect(take({ selectors: ['div'] })).rejects.toThrow(/^action_failed: .*`output.selectors\[0\]` matches more than one/);
});

it('style changes the picture only, in frames and shadow roots too', async () => {
  const style = '#one, #inner, #far { background: rgb(1, 2, 3) !important; }';
  const image = await take({ fullPage: true, style });
  expect([at(image, 60, 50), at(image, 30, 2810)]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
  expect(at(await take({ selector: '#far', frame: 'iframe', style }), 5, 5)).toEqual([1, 2, 3]);
});

it('masks have the color that was asked for, in the view, far down and around an element', async () => {
  const mask = { mask: ['#two'], maskColor: 'rgb(9 8 7)' };
  expect(at(await take({ fullPage: true, ...mask }), 350, 1520)).toEqual([9, 8, 7]);
  expect(at(await take({ selector: '#two', ...mask }), 50, 25)).toEqual([9, 8, 7]);
  expect(at(await take({ fullPage: true, mask: ['#two'] }), 350, 1520)).toEqual([255, 0, 255]);
  const upper = await take({ maxHeight: 200, mask: ['#one'] });
  expect([size(upper), at(upper, 60, 50)]).toEqual([
    [1000, 200],
    [255, 0, 255],
  ]);
});

it('masks cover what they name in frames too, in the view and far down', async () => {
  const mask = { mask: ['.private'], maskColor: 'rgb(9 8 7)' };
  const [view, whole] = [await take(mask, '/framed'), await take({ fullPage: true, ...mask }, '/framed')];
  for (const image of [view, whole]) for (const y of [25, 125, 225]) expect(at(image, 50, y)).toEqual([9, 8, 7]);
  expect(at(whole, 50, 925)).toEqual([9, 8, 7]);
});

it('masks are refused on a page of more frames than are searched, which has one that could not be covered', async () => {
  const mask = { mask: ['.private'] };
  await expect(take(mask, '/many-frames?100')).rejects.toThrow(/^expectation_failed: The page has more than 100 frames, .*`output.mask`/);
  expect(size(await take({}, '/many-frames?100'))).toEqual([1000, 600]);
  expect(size(await take(mask, '/many-frames?99'))).toEqual([1000, 600]);
});

it('small has the same pixels in fewer bytes', async () => {
  const shot = async (compression: 'fast' | 'small') => {
    const result = await site.capture({ url: APP, output: { format: 'png', fullPage: true, compression } });
    return result.ok ? readFile(result.file) : Buffer.alloc(0);
  };
  const [fast, small] = [await shot('fast'), await shot('small')];
  expect(PNG.sync.read(small).data.equals(PNG.sync.read(fast).data)).toBe(true);
  expect(small.length).toBeLessThan(fast.length);
});

it('the caret is hidden, and shown on request', async () => {
  const isRed = (image: PNG) => image.data.some((value, index) => index % 4 === 0 && value > 200 && (image.data[index + 1] ?? 255) < 60);
  expect(isRed(await take({}, '/typing'))).toBe(false);
  // A caret blinks: on for half a second, off for the next.
  const shots: boolean[] = [];
  for (let tries = 0; tries < 8 && !shots.some(Boolean); tries++) shots.push(isRed(await take({ caret: 'initial' }, '/typing')));
  expect(shots).toContain(true);
});
