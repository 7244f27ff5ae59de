import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';

const APP = 'https://app.example.com';
const COOKIE = { name: 'sid', value: 'x', domain: 'app.example.com', path: '/' };
/** A page that opens windows in every way that needs no hand; each window would write. */
const OPENER = `<h1>Board</h1><a id="opened" target="_blank" href="/opened/click">open</a><a id="here" href="#here">here</a>
<form id="blank" method="post" target="_blank" action="/opened/form"><input name="a" value="b"></form>
<form id="named" method="post" target="other" action="/opened/named-form"><button id="export">Export</button></form>
<form id="inside" method="get" target="inner" action="/inner"><input name="q" value="1"></form><iframe name="inner"></iframe><iframe name="second"></iframe><p id="done"></p>
<script>
const seen = [];
const attempt = (work) => { try { work(); } catch (error) { seen.push(error.name); } };
attempt(() => open('/opened/open?token=secret'));
attempt(() => open('/opened/noopener', '_blank', 'noopener'));
attempt(() => { const w = open('about:blank'); if (w) { w.fetch('${APP}/opened/scripted', { method: 'POST' }); w.navigator.sendBeacon('${APP}/opened/beacon', 'x'); } });
attempt(() => { const w = open(); if (w) w.location = '/opened/later'; });
attempt(() => { const w = open(''); if (w) { w.document.write('<form method=post action=/opened/written></form>'); w.document.forms[0].submit(); } });
attempt(() => blank.submit());
attempt(() => named.requestSubmit());
attempt(() => Object.assign(document.createElement('a'), { href: '/opened/loose', target: '_blank' }).click());
attempt(() => Object.assign(document.createElement('a'), { href: '/opened/event', target: '_blank' }).dispatchEvent(new MouseEvent('click')));
attempt(() => { const f = document.createElement('iframe'); document.body.append(f); f.contentWindow.open('/opened/other-realm'); });
attempt(() => { inside.submit(); open('/inner?by=open', 'second'); });
onload = () => setTimeout(() => { done.textContent = 'tried all ' + seen.join(); }, 200);
</script>`;
const WRITER = `<h1>Window</h1><script>fetch('/written' + location.pathname, { method: 'POST', keepalive: true }); navigator.sendBeacon('/beacon' + location.pathname, 'x');</script>`;

describe.each([
  ['windows that the browser refuses', {}],
  ['windows that the browser refuses, with frames in processes of their own', { flags: ['--site-per-process'] }],
  ['windows that only our own script refuses, as in a full Chromium', { allowWindows: true }],
])('%s', (name, options) => {
  let site: TestSite;
  const asked = () => site.seen.filter(({ path }) => /opened/.test(path)).map(({ method, path }) => `${method} ${path}`);

  beforeAll(async () => {
    site = await startTestSite(({ path }) => {
      if (path === '/') return html(OPENER);
      if (path === '/framed') return html(`<h1>Board</h1><iframe src="https://bi.example.org/frame"></iframe>`);
      if (path === '/frame') return html(`<p>frame</p><script>open('${APP}/opened/by-frame');</script>`);
      if (path === '/past')
        return html(
          `<h1>Board</h1><div id="host"></div><script>const root = host.attachShadow({ mode: 'open' }); root.innerHTML = '<form target="_blank" action="/opened/past"></form>'; root.firstChild.requestSubmit();</script>`,
        );
      return path.startsWith('/inner') ? html('<p>inner</p>') : html(WRITER);
    }, options);
  });
  afterAll(() => site.close());
  beforeEach(() => void site.seen.splice(0));

  it('ask for nothing in a read-only capture, and are listed', async () => {
    const result = await site.capture({
      url: `${APP}/`,
      readOnly: true,
      auth: { cookies: [COOKIE] },
      waitFor: { text: 'tried all' },
      actions: [
        { type: 'click', selector: '#opened' },
        { type: 'click', selector: '#opened', modifiers: ['Control'] },
        { type: 'click', selector: '#here', modifiers: ['Shift'] },
        { type: 'click', selector: '#opened', button: 'middle' },
        { type: 'click', selector: '#export' },
      ],
    });
    expect(result).toMatchObject({ ok: true });
    expect(asked()).toEqual([]);
    expect(site.seen.map(({ path }) => path)).toEqual(expect.arrayContaining(['/inner?q=1', '/inner?by=open']));
    const blocked = (result.observed.controls?.readOnly?.blocked ?? []).map(
      ({ method, kind, url, count }) => `${method} ${kind} ${url} ${count}`,
    );
    expect(blocked).toEqual(
      expect.arrayContaining([
        `OPEN popup ${APP}/opened/open?… 1`,
        `OPEN popup ${APP}/opened/noopener 1`,
        `POST popup ${APP}/opened/form 1`,
        `POST popup ${APP}/opened/named-form 2`,
        `OPEN popup ${APP}/opened/loose 1`,
        `OPEN popup ${APP}/opened/event 1`,
        `OPEN popup ${APP}/opened/other-realm 1`,
        `OPEN popup ${APP}/opened/click 3`,
      ]),
    );
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  it('of frames of other sites ask for nothing either', async () => {
    expect(await site.capture({ url: `${APP}/framed`, readOnly: true })).toMatchObject({ ok: true });
    expect(asked()).toEqual([]);
  });

  it('that come past our script make a read-only capture fail, unless the browser refuses them', async () => {
    const result = await site.capture({ url: `${APP}/past`, readOnly: true, delay: 1000 });
    if (name.includes('browser')) {
      expect(asked()).toEqual([]);
      const blocked = [{ method: 'OPEN', kind: 'popup', url: `${APP}/opened/past`, count: 1 }];
      expect(result).toMatchObject({ ok: true, observed: { controls: { readOnly: { blocked } } } });
    } else
      expect(result).toMatchObject({
        ok: false,
        failure: { code: 'navigation_blocked', detail: expect.stringContaining('headless shell') },
      });
  });

  it('do not fail an ordinary capture, and are gone at its end', async () => {
    const actions = (['Control', 'Shift'] as const).map((modifier) => ({
      type: 'click' as const,
      selector: '#opened',
      modifiers: [modifier],
    }));
    const result = await site.capture({
      url: `${APP}/`,
      waitFor: { text: 'tried all' },
      actions: [...actions, { type: 'click', selector: '#opened' }, { type: 'click', selector: '#export' }],
    });
    expect(result).toMatchObject({ ok: true, observed: { finalUrl: `${APP}/` } });
    if (name.includes('browser')) expect(asked()).toEqual([]);
    expect(site.browser.contexts()).toEqual([]);
  });
});
