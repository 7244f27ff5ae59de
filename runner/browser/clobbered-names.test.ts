import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from './fixtures/test-site.ts';

const APP = 'https://app.example.com';
let site: TestSite;

/** What the fields of a form, and forms and pictures of a document, put in front of properties of the same name. */
const NAMES = [
  ...['parentElement', 'parentNode', 'children', 'childNodes', 'firstChild', 'firstElementChild', 'nextSibling', 'nodeType', 'nodeName'],
  ...['nodeValue', 'ownerDocument', 'isConnected', 'tagName', 'localName', 'style', 'shadowRoot', 'attributes', 'contains', 'getRootNode'],
  ...['assignedSlot', 'offsetParent', 'textContent', 'innerText', 'matches', 'closest', 'remove', 'getAttribute', 'hasAttribute'],
  ...['getBoundingClientRect', 'getClientRects', 'checkVisibility', 'querySelector', 'querySelectorAll', 'getAnimations', 'clientHeight'],
  ...['clientWidth', 'scrollHeight', 'scrollTop', 'scrollTo', 'elements', 'action', 'method', 'host', 'length', 'body', 'documentElement'],
  ...['scrollingElement', 'styleSheets', 'adoptedStyleSheets', 'fonts', 'readyState', 'title', 'baseURI', 'createElement', 'head'],
  ...['createTreeWalker', 'evaluate', 'elementFromPoint', 'toJSON', 'then', 'getElementsByTagName', 'computedStyleMap', 'offsetHeight'],
];
/** A form around the page, with a button that turns while it waits, and an area that scrolls: each walk goes through the form. */
const page = (names: readonly string[]) => {
  const fields = names.map((name) => `<input type="hidden" name="${name}">`).join('');
  const document = names.map((name) => `<img name="${name}" alt=""><form name="${name}"></form>`).join('');
  return `<style>.spinner{width:20px;height:20px;animation:s 1s infinite}@keyframes s{to{transform:rotate(1turn)}}form>p{position:sticky;bottom:0}</style><form style="height:300px;overflow:auto;animation:s 1ms">${fields}<p>Please sit</p><button type="button">Go on<i class="spinner"></i></button><input type="password"><table><tr><td>1<tr><td>2<tr><td>3</table><div style="height:200px;overflow:auto"><p style="height:900px">long</p></div><div style="height:2000px">far</div></form>${document}`;
};

beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    const [name, script] = path.slice(1).split('?');
    if (name === 'emptied') return html(`<body><p>Hello</p><script>${decodeURIComponent(script ?? '')}</script>`);
    return html(`<h1>Names</h1>${page(name === 'all' ? NAMES : [name ?? ''])}`);
  });
});
afterAll(() => site.close());

const OUTPUTS: [string, Omit<Parameters<TestSite['capture']>[0], 'url'>][] = [
  ['as it is seen', {}],
  ['whole, its areas open', { output: { format: 'png', fullPage: true, expandScrollContainers: true } }],
  ['printed', { output: { format: 'pdf' } }],
  ['printed on one sheet', { output: { format: 'pdf', pdf: { singlePage: true } } }],
  ['changed', { hide: ['form > p', 'form'], remove: ['table', 'form'], styles: ['p { color: red }'], block: { cookieBanners: true } }],
  ['reproducible', { reproducible: true }],
];

describe('a page whose names hide the properties of its form and its document', () => {
  it.each(OUTPUTS)('is captured: %s', async (_name, request) => {
    const result = await site.capture({ url: `${APP}/all`, ...request });
    expect(result.ok ? result.observed.partial : result.failure).toBe(false);
  });

  it.each(['parentElement', 'style', 'children', 'nodeType', 'querySelectorAll', 'documentElement', 'body'])(
    'is captured, whichever one it is: %s',
    async (name) => {
      const result = await site.capture({ url: `${APP}/${name}`, hide: ['form'], output: { format: 'png', fullPage: true } });
      expect(result.ok ? result.observed.partial : result.failure).toBe(false);
    },
  );
});

/** What is left after a page has taken its own root away, now or later, or the root's whole content. */
const EMPTIED: [string, string][] = [
  ['the root', 'document.documentElement.remove()'],
  ['the root, later', "addEventListener('load', () => document.documentElement.remove())"],
  ['the body', 'document.body.remove()'],
  ['everything but a comment', "document.replaceChildren(document.createComment('gone'))"],
  ['HTML: the root is of another kind', "document.replaceChildren(document.createElementNS('http://www.w3.org/2000/svg', 'svg'))"],
];

describe('a page that has taken away', () => {
  const whole = { format: 'png', fullPage: true, expandScrollContainers: true } as const;
  it.each(
    EMPTIED.flatMap(([name, script]) => [
      { name, script, output: whole },
      { name, script, output: { format: 'png' as const } },
    ]),
  )('$name is an empty picture: $output', async ({ script, output }) => {
    const result = await site.capture({ url: `${APP}/emptied?${encodeURIComponent(script)}`, output, styles: ['p { color: red }'] });
    expect(result.ok ? [result.observed.partial, result.width, result.height] : result.failure).toEqual([false, 1280, 720]);
  });
  it.each(EMPTIED)('%s is printed, on pages and on one sheet', async (_name, script) => {
    const sheet = await site.capture({
      url: `${APP}/emptied?${encodeURIComponent(script)}`,
      output: { format: 'pdf', pdf: { singlePage: true } },
    });
    expect(sheet.ok ? sheet.observed.partial : sheet.failure).toBe(false);
    const result = await site.capture({ url: `${APP}/emptied?${encodeURIComponent(script)}`, output: { format: 'pdf' } });
    expect(result.ok ? result.observed.partial : result.failure).toBe(false);
  });
});
