import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CaptureResult } from '#runner/browser/capture-page.ts';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';

const APP = 'https://app.example.com';
/** Boxes of one color each, a hundred pixels a side, from the left; red ones are to be gone. */
const BOX = 'position:absolute;top:0;width:100px;height:100px;background:red';
const STRICT = { 'content-security-policy': "default-src 'self'; style-src 'nonce-x'; script-src 'nonce-x'" };

/** An element that a framework makes anew, twenty times a second, in the document and in a shadow root. */
const RENEWED = `<div id="app"></div><x-box></x-box><div id="steady" style="${BOX};left:200px"><b style="visibility:visible;display:block;width:100px;height:100px;background:red"></b></div>
<script nonce="x">
const draw = (parent, left) => { parent.innerHTML = ''; const box = document.createElement('div'); box.className = 'box'; box.style.cssText = '${BOX};left:' + left + 'px'; box.textContent = 'Banner'; parent.append(box); };
customElements.define('x-box', class extends HTMLElement { constructor() { super(); this.attachShadow({ mode: 'open' }); draw(this.shadowRoot, 100); } });
draw(document.getElementById('app'), 0);
setInterval(() => { draw(document.getElementById('app'), 0); document.querySelector('x-box').remove(); document.body.append(document.createElement('x-box')); }, 50);
</script>`;
const MADE_AGAIN = `<div id="app"><div class="box" style="${BOX};left:0">Banner</div></div><script>
new MutationObserver(() => { const app = document.getElementById('app'); if (app.children.length === 0) setTimeout(() => { if (!window.again) { window.again = true; app.innerHTML = '<div class="box" style="${BOX};left:0">Banner</div>'; } }, 60); }).observe(document.getElementById('app'), { childList: true });
</script>`;
const BUSY = `<link rel="stylesheet" href="/style.css"><img src="/picture.png"><script src="/app.js"></script><script src="https://cdn.example.net/widget/chat.js?x=secret"></script>
<script src="https://securepubads.g.doubleclick.net/tag/js/gpt.js"></script><script src="https://cdn.cookielaw.org/scripttemplates/otSDKStub.js"></script><script src="https://ads.app.example.com/ads.js"></script>
<iframe src="https://pagead2.googlesyndication.com/frame"></iframe><script>fetch('/api/data'); fetch('https://api.example.com/track/event');</script><h1>Board</h1>`;
const BANNER = `<h1>Board</h1><div id="onetrust-consent-sdk" style="${BOX};left:0">We value your privacy</div><div id="qc-cmp2-container" style="${BOX};left:200px">So do we</div><div class="cookie-banner" style="${BOX.replace('red', 'lime')};left:100px">An article on cookies</div>`;

let site: TestSite;
beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    if (path === '/renewed') return html(RENEWED);
    if (path === '/strict') return html(RENEWED, { headers: STRICT });
    if (path === '/made-again') return html(MADE_AGAIN);
    if (path === '/busy') return html(BUSY);
    if (path === '/banner') return html(BANNER);
    return { headers: { 'content-type': path.endsWith('.css') ? 'text/css' : 'text/javascript' }, body: '' };
  });
});
afterAll(() => site.close());
beforeEach(() => {
  site.seen.length = 0;
});

/** How many pixels of the picture are of this color. */
async function count(result: CaptureResult, color: readonly number[]): Promise<number> {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  const { data } = PNG.sync.read(await readFile(result.file));
  let found = 0;
  for (let at = 0; at < data.length; at += 4) if (color.every((part, index) => data[at + index] === part)) found++;
  return found;
}
const RED = [255, 0, 0];
const LIME = [0, 255, 0];
const asked = () => site.seen.map(({ host, path }) => `${host}${path}`);

describe('hide and remove', () => {
  it.each(['/renewed', '/strict'])('an element that is made anew stays hidden, in shadow roots too: %s', async (path) => {
    expect(await count(await site.capture({ url: APP + path, waitUntil: 'load' }), RED)).toBeGreaterThan(10_000);
    expect(await count(await site.capture({ url: APP + path, waitUntil: 'load', hide: ['.box', '#steady'] }), RED)).toBe(0);
  });

  it('a selector of another engine hides what it finds', async () => {
    expect(await count(await site.capture({ url: `${APP}/made-again`, hide: ['text=Banner'] }), RED)).toBe(0);
  });

  it('an element that comes back after it was removed is removed again', async () => {
    expect(await count(await site.capture({ url: `${APP}/made-again`, remove: ['.box'] }), RED)).toBe(0);
  });
});

describe('block', () => {
  it('by address: globs, whatever the host, and the report names each rule', async () => {
    const urls = ['**/widget/**', '**/api/*', 'https://nowhere.example.org/**'];
    const result = await site.capture({ url: `${APP}/busy`, block: { urls } });
    expect(asked().filter((line) => /widget|api\/data/.test(line))).toEqual([]);
    expect(asked()).toEqual(expect.arrayContaining(['app.example.com/app.js', 'app.example.com/picture.png']));
    expect(result.observed.controls?.block).toEqual({
      requests: 2,
      rules: [
        { at: 'block.urls[0]', requests: 1 },
        { at: 'block.urls[1]', requests: 1 },
        { at: 'block.urls[2]', requests: 0 },
      ],
    });
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  it('by resource type, and never the main document', async () => {
    const result = await site.capture({ url: `${APP}/busy`, block: { urls: ['**'], resourceTypes: ['image'] } });
    expect(result.ok).toBe(true);
    expect(asked()).toEqual(['app.example.com/busy']);
    site.seen.length = 0;
    await site.capture({ url: `${APP}/busy`, block: { resourceTypes: ['image', 'stylesheet', 'fetch', 'document'] } });
    expect(asked().filter((line) => /png|css|track|api|frame/.test(line))).toEqual([]);
    expect(asked()).toContain('app.example.com/app.js');
  });

  it('advertising networks by a kept list, but no host of the allowed domains', async () => {
    const domains = [
      { host: '*.example.com', port: null, isPrivate: false },
      { host: 'app.example.com', port: null, isPrivate: false },
    ];
    const result = await site.capture({ url: `${APP}/busy`, block: { ads: true } }, { domains });
    expect(asked().filter((line) => /doubleclick|googlesyndication/.test(line))).toEqual([]);
    expect(asked()).toEqual(expect.arrayContaining(['ads.app.example.com/ads.js', 'cdn.cookielaw.org/scripttemplates/otSDKStub.js']));
    expect(result.observed.controls?.block).toEqual({ requests: 2, rules: [{ at: 'block.ads', requests: 2 }] });
    site.seen.length = 0;
    // The app of an advertiser is a page like any other to who captures it.
    await site.capture(
      { url: `${APP}/busy`, block: { ads: true } },
      { domains: [...domains, { host: '*.doubleclick.net', port: null, isPrivate: false }] },
    );
    expect(asked()).toContain('securepubads.g.doubleclick.net/tag/js/gpt.js');
  });

  it('consent banners: their scripts, and the ones on the page, by rules that look before they hide', async () => {
    const plain = await site.capture({ url: `${APP}/banner` });
    expect([await count(plain, RED), await count(plain, LIME)]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(await count(plain, RED)).toBeGreaterThan(5000);
    const cleared = await site.capture({ url: `${APP}/banner`, block: { cookieBanners: true } });
    expect(await count(cleared, RED)).toBe(0);
    expect(await count(cleared, LIME)).toBe(await count(plain, LIME));
    await site.capture({ url: `${APP}/busy`, block: { cookieBanners: true } });
    expect(asked().filter((line) => line.includes('cookielaw'))).toEqual([]);
    expect(asked()).toContain('securepubads.g.doubleclick.net/tag/js/gpt.js');
  });

  it('is off by default', async () => {
    const result = await site.capture({ url: `${APP}/busy` });
    expect(result.observed.controls).toBeNull();
    expect(asked()).toEqual(
      expect.arrayContaining(['securepubads.g.doubleclick.net/tag/js/gpt.js', 'cdn.example.net/widget/chat.js?x=secret']),
    );
  });
});
