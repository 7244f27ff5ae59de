import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
let site: TestSite;
const host = (style: string) =>
  `<x-a class="s" id="host"></x-a><script>document.getElementById('host').attachShadow({ mode: 'open' }).innerHTML = '<style>${style}</style><p>red</p>'</script>`;
const PAGES: Record<string, string> = {
  plain: '<p class="s" style="background: red">red</p>',
  moving: '<p class="s" style="background: red; transition: all 30s">red</p>',
  movingchild: '<div class="s"><p style="background: red; transition: all 30s">red</p></div>',
  host: host(':host { visibility: visible !important; display: block; background: red }'),
  hostchild: host(':host { display: block } p { visibility: visible; background: red }'),
  hostall: host(':host { visibility: visible !important; opacity: 1 !important; display: block; background: red }'),
};

beforeAll(async () => {
  site = await startTestSite(({ path }) => html(PAGES[path.slice(1)] ?? ''));
});
afterAll(() => site.close());

async function redIn(name: string, hide: string[]): Promise<number> {
  const output = { format: 'png' as const, animations: 'allow' as const };
  const result = await site.capture({ url: `${APP}/${name}`, waitUntil: 'load', hide, output });
  const { data } = PNG.sync.read(await readFile(result.ok ? result.file : expect.fail(result.failure.detail)));
  let red = 0;
  for (let at = 0; at < data.length; at += 4) if ((data[at] ?? 0) > 180 && (data[at + 1] ?? 0) < 120) red++;
  return red;
}

describe('hide', () => {
  it.each(Object.keys(PAGES))('takes %s out of sight at once', async (name) => {
    expect(await redIn(name, [])).toBeGreaterThan(0);
    expect(await redIn(name, ['.s'])).toBe(0);
  });
});
