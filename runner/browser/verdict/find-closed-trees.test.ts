import type { CDPSession } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '#shared/log.ts';
import { startRun } from '../capture-run.ts';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';
import { openWorld } from '../own-world.ts';
import { runWithClosedTrees } from './find-closed-trees.ts';

const APP = 'https://app.example.com';
const AUTH = { cookies: [{ name: 'session_id', value: 'v', httpOnly: true }] };
const MIB = 1024 * 1024;
const shut = (body: string) => `<section><template shadowrootmode="closed">${body}</template></section>`;
const FORM = '<h2>Sign in</h2><form><input name="email" type="email"><input type="password"><button>Sign in</button></form>';
/** 3,000 texts of 10,000 characters, which cost the page one. */
const FLOOD = `<style>#host,iframe{display:none}</style><script>const flood = (tree) => { const text = 'x'.repeat(10_000); const add = tree.ownerDocument ?? tree; for (let at = 0; at < 3000; at++) tree.append(add.createElement('i'), add.createTextNode(text)); };</script>`;
const PAGES: Record<string, string> = {
  '/none': '<p>nothing</p>',
  '/three': `<div id="open"></div><script>open.innerHTML; document.getElementById('open').attachShadow({ mode: 'open' }).innerHTML = '<p></p>'; document.getElementById('open').shadowRoot.querySelector('p').attachShadow({ mode: 'closed' }).innerHTML = 'in an open one';</script>${shut(`outer ${shut('inner')}`)}`,
  '/open-flood': `${FLOOD}${shut('found')}<div id="host"></div><script>flood(document.getElementById('host').attachShadow({ mode: 'open' }));</script>`,
  '/closed-flood': `${FLOOD}${shut('found')}<div id="host"></div><script>flood(document.getElementById('host').attachShadow({ mode: 'closed' }));</script>`,
  '/frame-flood': `${FLOOD}${shut('found')}<iframe srcdoc="<p>inside</p>"></iframe><script>addEventListener('load', () => flood(frames[0].document.body));</script>`,
  '/values': `${shut('not found')}<script>const value = 'x'.repeat(10_000_000); for (let at = 0; at < 3; at++) document.body.setAttribute('data-' + at, value);</script>`,
  // A field hides the property of its form.
  '/field': `${shut('not found')}<form><input type="hidden" name="attributes"></form><script>const value = 'x'.repeat(10_000_000); document.forms[0].setAttribute('data-at', value);</script>`,
  // Two seconds of work at a time: each of our questions waits for one.
  '/slow': `<title>Acme</title>${shut(FORM)}<script>const work = () => { const until = performance.now() + 2000; while (performance.now() < until); setTimeout(work, 5); }; addEventListener('load', () => setTimeout(work, 0));</script>`,
  // Makes its tree anew whenever it can.
  '/anew': `<title>Acme</title><div id="at"></div><script>const at = document.getElementById('at'); const { port1, port2 } = new MessageChannel(); const anew = () => { at.setHTMLUnsafe(${JSON.stringify(shut(FORM)).replaceAll('</', '<\\/')}); port2.postMessage(0); }; port1.onmessage = anew; anew();</script>`,
};
/** More than Chromium is asked to describe, in a world where we cannot read either. */
const LARGE = `<title>Acme</title><script>Array.prototype.flatMap = () => { throw new Error('own'); };</script><h1>Board</h1>${'<p><i></i></p>'.repeat(20_000)}`;
Object.assign(PAGES, {
  // One tree of the parser's, and one of a script's that is too large to be described.
  '/beside-flood': `<title>Acme</title>${FLOOD}${shut(FORM)}<div id="host"></div><script>flood(document.getElementById('host').attachShadow({ mode: 'closed' }));</script>`,
  '/large': LARGE,
  '/large-wall': `${LARGE}<div id="at"></div><script>document.getElementById('at').attachShadow({ mode: 'closed' }).innerHTML = ${JSON.stringify(FORM).replaceAll('</', '<\\/')};</script>`,
});
let site: TestSite;
beforeAll(async () => {
  site = await startTestSite(({ path }) => html(PAGES[path] ?? ''));
});
afterAll(() => site.close());

/** Finds the closed trees of a page; tells what they say and how much Chromium sent for it. */
async function findIn(path: string): Promise<{ texts: string[] | null; bytes: number }> {
  const context = await site.browser.newContext({ ignoreHTTPSErrors: true });
  let bytes = 0;
  const log = createLog('test', 'error', () => undefined);
  const scope = { deadline: Date.now() + 60_000, signal: new AbortController().signal, log, onStep: () => undefined };
  const run = startRun(scope, new AbortController().signal);
  try {
    const page = await context.newPage();
    await page.goto(APP + path);
    const session = await context.newCDPSession(page);
    const cdp = new Proxy<CDPSession>(session, {
      get: (target, name) => {
        if (name !== 'send') return Reflect.get(target, name);
        return async (...args: Parameters<CDPSession['send']>) => {
          const answer = await target.send(...args);
          bytes += JSON.stringify(answer).length;
          return answer;
        };
      },
    });
    const contextId = await openWorld({ cdp, run });
    const script = `function (...trees) { return trees.map((tree) => tree.mode + ' ' + tree.textContent.slice(0, 20).trim()); }`;
    const { read } = await runWithClosedTrees<string[]>({ cdp, run }, { contextId, script, inPage: null, msMax: 8000 });
    return { texts: read, bytes };
  } finally {
    run.close();
    await context.close();
  }
}

describe('closed shadow trees', () => {
  it('are found in the document, in open ones and in each other, and null says that there are none', async () => {
    const { texts } = await findIn('/three');
    expect(texts?.sort()).toEqual(['closed in an open one', 'closed inner', 'closed outer']);
    expect((await findIn('/none')).texts).toBeNull();
  });

  it.each([
    ['/open-flood', ['closed found']],
    ['/closed-flood', ['closed found', `closed ${'x'.repeat(20)}`]],
    ['/frame-flood', ['closed found']],
    ['/values', null],
    ['/field', null],
  ])('are found without the contents of a page that is full: %s', async (path, wanted) => {
    const { texts, bytes } = await findIn(path);
    expect(texts?.sort() ?? null).toEqual(wanted);
    expect(bytes).toBeLessThan(MIB);
  });
});

describe('a wall in a closed tree', () => {
  it.each([
    ['where each question waits for the page', '/slow'],
    ['beside one that is too large to be described', '/beside-flood'],
  ])(
    'is named %s',
    async (_where, path) => {
      const result = await site.capture({ url: APP + path, auth: AUTH, waitUntil: 'load', timeouts: { total: 120_000 } });
      expect(result.ok ? 'captured' : result.failure.code).toBe('login_wall');
    },
    150_000,
  );

  it.each(['/anew', '/large-wall'])('that cannot be read is told, and nothing is stored: %s', async (path) => {
    const result = await site.capture({ url: APP + path, auth: AUTH, waitUntil: 'load' });
    expect(result.ok ? 'captured' : `${result.failure.code} ${result.failure.detail}`).toMatch(
      /^login_wall|^readiness_timeout .*closed shadow trees/,
    );
  });

  it('is not suspected where the page holds no closed tree, however large it is', async () => {
    const result = await site.capture({ url: `${APP}/large`, auth: AUTH, waitUntil: 'load' });
    expect(result.ok ? 'captured' : result.failure.detail).toBe('captured');
  });
});
