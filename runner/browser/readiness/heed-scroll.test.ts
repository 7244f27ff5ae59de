import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
/** The page tells by its requests how far down it was: nothing but its own look at each frame is told of a scroll. */
const TELL =
  '<script>let far = 0; const look = () => { if (scrollY > far) { far = scrollY; fetch("/far?" + far); } requestAnimationFrame(look); }; look();</script>';
const LONG = '<div style="height:4000px"></div>';
const PAGES: Record<string, string> = {
  still: LONG,
  listening: `${LONG}<script>document.addEventListener("scroll", () => 0, { passive: true });</script>`,
  attribute: `${LONG}<script>window.onscroll = () => 0;</script>`,
  observing: `${LONG}<p id="p"></p><script>new IntersectionObserver(() => 0).observe(document.getElementById("p"));</script>`,
  framed: `${LONG}<iframe src="/inner" style="width:300px;height:200px"></iframe>`,
  lazy: `${LONG}<iframe loading="lazy" src="/inner" hidden></iframe><iframe loading="lazy" src="/inner?seen" style="width:10px;height:10px"></iframe>`,
};
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path, host }) => {
    const url = new URL(path, `https://${host}`);
    return html(url.pathname === '/inner' ? '<p>inner</p>' : `${PAGES[url.pathname.slice(1)] ?? ''}${TELL}`);
  });
});
afterAll(() => site.close());

async function scrolledFar(name: string): Promise<boolean> {
  const from = site.seen.length;
  expect(await site.capture({ url: `${APP}/${name}`, output: { format: 'png', fullPage: true } })).toMatchObject({ ok: true });
  return site.seen.slice(from).some(({ path }) => path.startsWith('/far'));
}

describe('a long page', () => {
  it('that nobody watches is not scrolled through', async () => {
    expect(await scrolledFar('still')).toBe(false);
  });

  it.each(['listening', 'attribute', 'observing', 'framed'])('is scrolled through where somebody may be told: %s', async (name) => {
    expect(await scrolledFar(name)).toBe(true);
  });

  it('has its lazy frames without being scrolled, but for those that are not laid out', async () => {
    const from = site.seen.length;
    expect(await scrolledFar('lazy')).toBe(false);
    expect(site.seen.slice(from).map(({ path }) => path)).toEqual(['/lazy', '/inner?seen']);
  });
});
