/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';
import { READ_FACTS } from './page-facts.ts';
import type { PageFacts } from './read-facts.ts';

const APP = 'https://app.example.com';
const ROWS = 3000;
const ELEMENTS_IN_ROW = 13;
const row = `<tr>${'<td>some text</td>'.repeat(6)}<td><a href="/order">Order</a></td><td><input type="checkbox"><input name="note"><button>Edit</button></td></tr>`;
const TABLE = `<header><a href="/logout">Log out</a></header><h1>Orders</h1><table>${row.repeat(ROWS)}</table>`;
const PAGES: Record<string, string> = {
  '/table': TABLE,
  '/shell': `<div style="position:fixed;inset:0;overflow:auto">${TABLE}</div>`,
  '/dialogs': `${TABLE}${'<div role="dialog" style="height:20px">Filter <button>Close</button></div>'.repeat(3)}`,
  '/short': '<h1>Hello</h1><p>Two  words</p><p hidden>Never seen</p>',
};
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => html(PAGES[path] ?? ''));
});
afterAll(() => site.close());

/** The facts of a page, and how many elements were asked for what costs a layout or a walk through the tree. */
async function read(path: string): Promise<{ facts: PageFacts; asked: number }> {
  const context = await site.browser.newContext({ ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    await page.goto(APP + path);
    await page.evaluate(countQuestions);
    return { facts: await page.evaluate<PageFacts>(READ_FACTS), asked: await page.evaluate<number>('window.questions') };
  } finally {
    await context.close();
  }
}

function countQuestions(): void {
  Object.assign(window, { questions: 0 });
  const count = () => Object.assign(window, { questions: Number(Reflect.get(window, 'questions')) + 1 });
  for (const name of ['getBoundingClientRect', 'checkVisibility', 'closest'] as const) {
    const own: unknown = Reflect.get(Element.prototype, name);
    if (typeof own !== 'function') throw new Error(name);
    Reflect.set(Element.prototype, name, function asking(this: Element, ...given: unknown[]) {
      count();
      return Reflect.apply(own, this, given);
    });
  }
  const text = Object.getOwnPropertyDescriptor(HTMLElement.prototype, 'innerText')?.get;
  Object.defineProperty(HTMLElement.prototype, 'innerText', {
    get(this: HTMLElement) {
      // The text of an element is laid out for all that is in it.
      for (let i = this.querySelectorAll('*').length; i >= 0; i--) count();
      return text?.call(this);
    },
  });
}

describe('the facts of a page', () => {
  it.each(['/table', '/dialogs'])('of thousands of rows are read from a few hundred elements of them: %s', async (path) => {
    const { facts, asked } = await read(path);
    expect(facts).toMatchObject({ hasData: true, hasSignOut: true, dialogAsks: false, passwords: [], offersNothingElse: false });
    expect(facts.textLength).toBeGreaterThan(2000);
    expect(asked).toBeLessThan(1000);
  });

  it('of an app that fills the view are read with its text once', async () => {
    const { facts, asked } = await read('/shell');
    expect(facts).toMatchObject({ hasData: true, hasSignOut: true, dialogAsks: false });
    expect(asked).toBeLessThan(ROWS * ELEMENTS_IN_ROW + 1000);
  });

  it('of a short page count what is seen, white space drawn together', async () => {
    expect((await read('/short')).facts).toMatchObject({ textLength: 'Hello Two words'.length, hasData: false });
  });
});
