import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';

/** Pages that have put their own in place of what a script finds in a page: they are opened and laid out like any other. */
const run = promisify(execFile);
const APP = 'https://app.example.com';
const rows = `${Array.from({ length: 90 }, (_, at) => `<p>row ${at}</p>`).join('')}<p>INNEREND</p>`;
const STYLE = '<style>html,body{height:100%;margin:0}.area{height:100vh;overflow:auto;display:flex;flex-direction:column}</style>';
const shell = (head: string) => `${STYLE}<script>${head}</script><div class="area">${rows}</div>`;
const form = (...names: string[]) => `${STYLE}<form class="area">${names.map((name) => `<input name="${name}">`).join('')}${rows}</form>`;

const PAGES: Record<string, string> = {
  // As Prototype 1.7 does, which many old applications are built on: what it returns has no pairs.
  'an array without entries': shell('Array.prototype.entries = function () { return this.slice(); };'),
  'strings that throw': shell(
    `for (const name of ['trim', 'includes', 'split', 'startsWith', 'endsWith']) String.prototype[name] = () => { throw new Error('own'); };`,
  ),
  'styles that throw': shell(`CSSStyleDeclaration.prototype.setProperty = () => { throw new Error('own'); };`),
  'a view that does not scroll': shell(`window.scrollTo = () => { throw new Error('own'); };`),
  'a form with fields children and style': form('children', 'style'),
  'a form with fields of measures': form('clientHeight', 'scrollHeight', 'offsetHeight', 'scrollTop'),
  'a form with fields of methods': form('closest', 'computedStyleMap', 'contains', 'checkVisibility'),
  'a form with a field style around the area': `${STYLE}<form style="height:100%"><select name="style"></select><div class="area">${rows}</div></form>`,
};
const names = Object.keys(PAGES);
let site: TestSite;
beforeAll(async () => {
  site = await startTestSite(({ path }) => html(Object.values(PAGES)[Number(new URL(path, APP).search.slice(1))] ?? 'no such page'));
});
afterAll(() => site.close());

describe.each(names)('%s', (name) => {
  const url = `${APP}/?${names.indexOf(name)}`;
  it('is pictured whole', async () => {
    const result = await site.capture({ url, output: { format: 'png', fullPage: true } });
    expect(result.ok ? 'ok' : result.failure.code).toBe('ok');
    expect(result.ok && (result.height ?? 0)).toBeGreaterThan(2000);
  });

  it.each([
    ['on pages', undefined],
    ['on one sheet', { singlePage: true }],
  ])('prints whole %s', async (_kind, pdf) => {
    const result = await site.capture({ url, output: { format: 'pdf', ...(pdf ? { pdf } : {}) } });
    if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.detail}`);
    expect((await run('pdftotext', [result.file, '-'])).stdout).toContain('INNEREND');
    expect(result.pages === 1).toBe(pdf !== undefined);
  });
});
