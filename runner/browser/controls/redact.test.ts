import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaptureResult } from '../capture-page.ts';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
const MAIL = 'ann.secret@private.example';
const run = promisify(execFile);
let site: TestSite;

/** Pages that put the value back, each in a way of its own. */
const LIVE: Record<string, string> = {
  // A framework that renders the same text into new nodes twenty times a second.
  rerender: `<div id="app"></div><script>let n = 0; every(() => { n++; document.getElementById('app').innerHTML = '<p>User <b>${MAIL}</b> ' + n + '</p>' }, 50)</script>`,
  // It keeps its text node and writes into it, as React does.
  textnode: `<p id="app">x</p><script>const node = document.getElementById('app').firstChild; every(() => { node.nodeValue = '${MAIL}' }, 20)</script>`,
  frames: `<p id="app">x</p><script>const draw = () => { document.getElementById('app').textContent = '${MAIL}'; requestAnimationFrame(draw) }; draw()</script>`,
  // No node changes when a script sets a value.
  value: `<input id="app" size="40"><script>every(() => { document.getElementById('app').value = '${MAIL}' }, 20)</script>`,
  shadow: `<div id="app"></div><script>every(() => { const host = document.createElement('div'); host.attachShadow({ mode: 'closed' }).innerHTML = '<p>${MAIL}</p>'; document.getElementById('app').replaceChildren(host) }, 50)</script>`,
  lateshadow: `<div id="app"></div><script>addEventListener('beforeprint', () => { document.getElementById('app').attachShadow({ mode: 'open' }).innerHTML = '<p>${MAIL}</p>' })</script>`,
  attribute: `<style>p::after { content: attr(data-mail) }</style><p id="app">x</p><script>every(() => { document.getElementById('app').dataset.mail = '${MAIL}' }, 20)</script>`,
  title: `<p>x</p><script>every(() => { document.title = '${MAIL}' }, 20)</script>`,
  beforeprint: `<p id="app">x</p><script>addEventListener('beforeprint', () => { document.getElementById('app').textContent = '${MAIL}' })</script>`,
  // Pages whose scripts have replaced what ours would use, and whose policy forbids everything.
  patched: `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; require-trusted-types-for 'script'"><p>${MAIL}</p><p title="${MAIL}">x</p><script>Node.prototype.normalize = () => {}; String.prototype.replace = () => 'broken'; String.prototype.matchAll = () => []; RegExp.prototype.exec = () => null; Element.prototype.setAttribute = () => {}; Element.prototype.matches = () => false; window.MutationObserver = class { observe() {} takeRecords() { return [] } }; document.createRange = () => null; Object.defineProperty(Document.prototype, 'title', { get: () => 'x' }); CSSStyleSheet.prototype.insertRule = () => 0; window.getComputedStyle = () => ({}); Array.prototype[Symbol.iterator] = Array.prototype[Symbol.iterator]; Map.prototype.get = () => undefined; JSON.stringify = () => '{}'</script>`,
};

beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    const url = new URL(path, APP);
    const live = LIVE[url.pathname.slice(1)];
    if (live) return html(`<script>const every = (task, ms) => { task(); setInterval(task, ms) }</script>${live}`);
    if (url.pathname === '/canvas')
      return html(
        `<style>body { margin: 0 }</style><canvas id="c" width="100" height="100"></canvas><script>setInterval(() => { const pen = document.getElementById('c').getContext('2d'); pen.fillStyle = 'red'; pen.fillRect(0, 0, 100, 100) }, 10)</script>`,
      );
    if (url.pathname === '/styled')
      return html(
        `<p id="app">x</p><script>const sheet = new CSSStyleSheet(); document.adoptedStyleSheets = [sheet]; let n = 0; addEventListener('beforeprint', () => sheet.replaceSync('p:nth-of-type(' + ++n + ')::after { content: "${MAIL}" }'))</script><p>y</p><p>z</p><p>w</p>`,
      );
    if (url.pathname === '/fight')
      return html(
        `<p id="app">${MAIL}</p><script>const p = document.getElementById('app'); new MutationObserver(() => { if (p.textContent !== '${MAIL}') p.textContent = '${MAIL}' }).observe(p, { childList: true, characterData: true, subtree: true })</script>`,
      );
    if (url.pathname === '/unseen')
      return html(
        `<link rel="canonical" href="${APP}/users/${MAIL}"><base href="${APP}/users/${MAIL}/"><svg><g id="${MAIL}"></g><use href="#${MAIL}"/></svg><p>at rest</p><a href="x">x</a>`,
      );
    if (url.pathname === '/changed') return html('<p style="text-transform: uppercase">emp-204981</p>');
    if (url.pathname === '/writes')
      return html(
        `<p>x</p><script>fetch('/users/${MAIL}/seen', { method: 'POST' }).catch(() => { document.body.insertAdjacentHTML('beforeend', '<p id="sent">sent</p>') })</script>`,
      );
    if (url.pathname === '/chips') {
      const chips = ['alice@corp.example', 'bob@corp.example', 'EMP-204981', 'EMP-204982', '4111111111111111', '5500000000000004'];
      return html(`<p>${chips.map((chip) => `<span style="margin: 4px">${chip}</span>`).join('')}</p>`);
    }
    if (url.pathname === '/born') return html('<p>Born <input type="date" value="1979-03-04"></p>');
    if (url.pathname === '/label')
      return html(
        `<x-pic style="display:block;width:50px;height:50px;background:red"></x-pic><script>customElements.define('x-pic', class extends HTMLElement { constructor() { super(); const own = this.attachInternals(); own.role = 'img'; own.ariaLabel = 'Picture of ${MAIL}' } })</script>`,
      );
    if (url.pathname.endsWith('/self'))
      return html(
        '<title>t</title><p><a href="">self</a></p><svg width="90" height="20"><a href="?tab=2"><text y="15">tab</text></a></svg>',
      );
    if (url.pathname.startsWith('/users/')) return html(`<title>Profile</title><p>profile</p><a href="#part">part</a>`);
    return html(`<title>Report of ${MAIL}</title><p class="mail">${MAIL}</p><p>Total 42</p><p class="keep">kept@else.example.nothing</p>`);
  });
});
afterAll(() => site.close());

type More = Partial<Parameters<TestSite['capture']>[0]>;
const pdf = (path: string, more: More = {}) =>
  site.capture({ url: `${APP}/${path}`, waitUntil: 'load', output: { format: 'pdf' }, redact: [{ pattern: 'email' }], ...more });
const png = (path: string, more: More = {}) =>
  site.capture({ url: `${APP}/${path}`, waitUntil: 'load', output: { format: 'png' }, redact: [{ pattern: 'email' }], ...more });
const fileOf = (result: CaptureResult) => (result.ok ? result.file : expect.fail(result.failure.detail));
const textOf = async (result: CaptureResult) =>
  (await run('pdftotext', [fileOf(result), '-'])).stdout + (await run('pdfinfo', [fileOf(result)])).stdout;

describe('redact', () => {
  it.each(Object.keys(LIVE))('holds on a page that puts the value back: %s', async (path) => {
    expect(await textOf(await pdf(path, { redact: [] }))).toContain(path === 'value' ? 'ann' : MAIL);
    const result = await pdf(path);
    const text = await textOf(result);
    expect(text).not.toContain('secret');
    expect(text).not.toContain('private.example');
    expect(await png(path)).toMatchObject({ ok: true });
  });

  it('covers a canvas that is drawn again and again with a box of its size', async () => {
    const image = PNG.sync.read(await readFile(fileOf(await png('canvas', { redact: [{ selector: '#c' }] }))));
    expect([...image.data.subarray(0, 4)]).toEqual([128, 128, 128, 255]);
    const at = (99 * image.width + 99) * 4;
    expect([...image.data.subarray(at, at + 4)]).toEqual([128, 128, 128, 255]);
    expect([...image.data.subarray(at + 4, at + 8)]).toEqual([255, 255, 255, 255]);
  });

  it.each([
    ['styled', 'a style that no node shows'],
    ['fight', 'a page that writes back without end'],
  ])('%s: %s ends the capture instead of being delivered', async (path) => {
    const before = await spooled();
    const result = await pdf(path);
    expect(result).toMatchObject({
      ok: false,
      failure: { code: 'expectation_failed', step: 'render', detail: expect.stringContaining('redact[0]') },
    });
    expect(JSON.stringify(result)).not.toContain('secret');
    expect(await spooled()).toEqual(before);
  });

  it('a rule that finds nothing fails where asked, names itself, and stores nothing', async () => {
    const before = await spooled();
    const redact = [{ pattern: 'email' as const }, { selector: '#nobody' }];
    for (const make of [pdf, png])
      expect(await make('', { redact, redactOnMiss: 'fail' })).toMatchObject({
        ok: false,
        failure: { code: 'expectation_failed', detail: expect.stringContaining('`redact[1]` found nothing') },
      });
    expect(await pdf('', { redact: [{ pattern: 'iban' }], redactOnMiss: 'fail' })).toMatchObject({ ok: false });
    expect(await spooled()).toEqual(before);
    expect(await pdf('', { redact })).toMatchObject({ ok: true });
    expect(await pdf('', { redact: [{ selector: '.mail' }, { regex: 'Total \\d+' }], redactOnMiss: 'fail' })).toMatchObject({ ok: true });
  });

  it('reports counts for each rule and no value', async () => {
    const result = await pdf('', { redact: [{ selector: '.mail' }, { pattern: 'email', replacement: '[mail]' }, { pattern: 'card' }] });
    expect(result.observed.controls?.redaction).toEqual({
      replaced: 3,
      rules: [
        { at: 'redact[0]', replaced: 1 },
        { at: 'redact[1]', replaced: 2 },
        { at: 'redact[2]', replaced: 0 },
      ],
    });
    const text = await textOf(result);
    expect(text).toContain('████');
    expect(text).toMatch(/Title: +Report of \[mail\]/);
    expect(site.logLines.join('\n') + JSON.stringify(result)).not.toContain('secret');
  });

  it('leaves the address of the page out of every other channel too', async () => {
    const result = await pdf(`users/${MAIL}?m=${MAIL}`, { output: { format: 'pdf', pdf: { tagged: true, outline: true } } });
    expect(result.observed.finalUrl).toBe(`${APP}/users/████?…`);
    expect((await readFile(fileOf(result))).toString('latin1')).not.toContain('secret');
    const waiting = await pdf(`users/${MAIL}`, { waitFor: { selector: '#never', timeout: 200 } });
    expect(waiting).toMatchObject({ ok: false });
    expect(JSON.stringify(waiting)).not.toContain('secret');
  });

  it('takes what stands beside each other without a space for several values, and for one', async () => {
    const text = await textOf(await pdf('chips'));
    expect(text).not.toMatch(/corp\.example|alice|bob/);
    expect(await textOf(await pdf('chips', { redact: [{ regex: '\\bEMP-\\d{6}\\b' }] }))).not.toMatch(/20498/);
    expect(await textOf(await pdf('chips', { redact: [{ pattern: 'card' }] }))).not.toMatch(/4111|5500/);
  });

  it('finds a date in the form that a field shows', async () => {
    const result = await pdf('born', { redact: [{ regex: '\\d{2}/\\d{2}/\\d{4}' }] });
    expect(await textOf(result)).not.toMatch(/1979/);
  });

  it('leaves nothing of a label that is on no node, and of a link that the address of the page completes', async () => {
    const tagged = { output: { format: 'pdf' as const, pdf: { tagged: true } } };
    for (const path of ['label', `users/${MAIL}/self`]) {
      const bytes = await readFile(fileOf(await pdf(path, tagged)), 'latin1');
      expect(bytes).not.toMatch(/ann\.secret/);
    }
  });

  it('refuses to print an address that holds what is redacted into a header', async () => {
    const output = { format: 'pdf' as const, pdf: { headerTemplate: '<p style="font-size:9px"><span class="url"></span></p>' } };
    expect(await pdf(`users/${MAIL}`, { output })).toMatchObject({
      ok: false,
      failure: { code: 'expectation_failed', detail: expect.stringContaining('`output.pdf.headerTemplate`') },
    });
    expect(await pdf('', { output })).toMatchObject({ ok: true });
  });

  it('passes over addresses that reach neither picture nor PDF', async () => {
    const text = await textOf(await pdf('unseen'));
    expect(text).toContain('at rest');
    expect((await readFile(fileOf(await pdf('unseen')))).toString('latin1')).not.toContain('secret');
  });

  it('says so where a value is laid out that cannot be replaced', async () => {
    expect(await pdf('changed', { redact: [{ regex: 'EMP-\\d{6}' }] })).toMatchObject({
      ok: false,
      failure: { code: 'expectation_failed', detail: expect.stringContaining('laid out where it cannot be replaced') },
    });
  });

  it('leaves what it finds out of the list of blocked writes', async () => {
    const result = await pdf('writes', { readOnly: true, waitFor: { selector: '#sent' } });
    expect(result.observed.controls?.readOnly?.blocked).toEqual([
      { method: 'POST', url: `${APP}/users/████/seen`, kind: 'fetch', count: 1 },
    ]);
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  it('works where the scripts of the page are switched off', async () => {
    const text = await textOf(await pdf('', { javaScriptEnabled: false }));
    expect(text).toContain('████');
    expect(text).not.toContain('secret');
  });

  it('checks by text that were met before need not be met on what is left', async () => {
    const auth = { cookies: [{ name: 'sid', value: '1' }], verify: { text: MAIL } };
    expect(await png('', { auth, expect: [{ text: MAIL }] })).toMatchObject({ ok: true, observed: { verdict: 'authenticated' } });
    expect(await png('', { auth: { ...auth, verify: { text: 'nobody' } }, timeouts: { action: 200 } })).toMatchObject({
      failure: { code: 'login_wall' },
    });
  });
});

async function spooled(): Promise<string[]> {
  const result = await png('', { redact: [] });
  const file = fileOf(result);
  return (await readdir(dirname(file))).filter((name) => name.endsWith('.pdf')).sort();
}
