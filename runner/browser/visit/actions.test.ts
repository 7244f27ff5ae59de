import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
type ActionInput = NonNullable<Parameters<TestSite['capture']>[0]['actions']>[number];
let site: TestSite;
let reports: unknown[] = [];

/** Every event that an action causes is told to the server in a blocking call, so that nothing is lost. */
const PAGE = `<style>body{margin:0}#far{margin-top:3000px}#scroller{height:50px;overflow:auto;scroll-behavior:smooth}#drop{width:200px;height:60px;background:#ddd}#drag{width:50px;height:30px;background:#aaf}</style>
<script>window.report = (data) => { const call = new XMLHttpRequest(); call.open('POST', '/report', false); call.send(JSON.stringify(data)); };</script>
<button id="b" onclick="report(['click', event.detail])" ondblclick="report(['dblclick'])" onmouseenter="report(['hover'])">Press</button>
<button class="twin">A</button><button class="twin">B</button>
<input id="t" oninput="report(['input', this.value])" onkeydown="report(['key', event.key])">
<input id="c" type="checkbox" onchange="report(['check', this.checked])">
<select id="s" onchange="report(['select', this.value])"><option value="1">One</option><option value="2">Two</option></select>
<div id="scroller" onscroll="report(['scrolled', this.scrollTop])"><div style="height:500px">in</div></div>
<div id="drag" draggable="true">d</div><div id="drop" ondragover="event.preventDefault()" ondrop="report(['drop'])">drop</div>
<button id="ask" onclick="report(['asked', confirm('sure?'), prompt('name?')])">ask</button>
<button id="late" onclick="setTimeout(() => { const p = document.createElement('p'); p.id = 'came'; p.textContent = 'Loaded rows'; document.body.append(p); history.pushState(0, '', '/pushed?tab=1'); fetch('/data'); window.ready = true; }, 50)">late</button>
<iframe id="f" srcdoc="<button onclick=&quot;parent.report(['in frame'])&quot;>In frame</button>"></iframe>
<p id="far" onclick="1">far away</p>`;

beforeAll(async () => {
  site = await startTestSite(({ path, body }) => {
    const url = new URL(path, APP);
    if (url.pathname === '/report') {
      reports.push(JSON.parse(body));
      return { status: 204 };
    }
    if (url.pathname === '/data') return { body: '{}' };
    if (url.pathname === '/csp') return html('<h1>strict</h1>', { headers: { 'content-security-policy': "default-src 'none'" } });
    if (url.pathname === '/asks') return html(`${PAGE}<a id="l" href="/second">on</a><script>onbeforeunload = () => 'stay?'</script>`);
    return html(url.pathname === '/second' ? '<h1>second</h1>' : PAGE);
  });
});
afterAll(() => site.close());
beforeEach(() => {
  reports = [];
  site.seen.length = 0;
});

const run = (actions: ActionInput[], more = {}) => site.capture({ url: `${APP}/`, actions, waitUntil: 'load', ...more });

describe('each action does its work', () => {
  const EFFECTS: [string, ActionInput[], unknown[]][] = [
    ['click', [{ type: 'click', selector: '#b' }], [['hover'], ['click', 1]]],
    ['dblclick', [{ type: 'dblclick', selector: '#b' }], [['hover'], ['click', 1], ['click', 2], ['dblclick']]],
    ['hover', [{ type: 'hover', selector: 'text=Press' }], [['hover']]],
    ['fill', [{ type: 'fill', selector: '#t', value: 'abc' }], [['input', 'abc']]],
    [
      'type',
      [{ type: 'type', selector: '#t', text: 'ab' }],
      [
        ['key', 'a'],
        ['input', 'a'],
        ['key', 'b'],
        ['input', 'ab'],
      ],
    ],
    [
      'press',
      [
        { type: 'press', selector: '#t', key: 'Enter' },
        { type: 'press', key: 'Escape' },
      ],
      [
        ['key', 'Enter'],
        ['key', 'Escape'],
      ],
    ],
    [
      'check and uncheck',
      [
        { type: 'check', selector: '#c' },
        { type: 'uncheck', selector: '#c' },
      ],
      [
        ['check', true],
        ['check', false],
      ],
    ],
    ['selectOption by label', [{ type: 'selectOption', selector: '#s', value: 'Two' }], [['select', '2']]],
    [
      'scrollTo an element at once',
      [
        { type: 'scrollTo', selector: '#scroller', y: 120 },
        { type: 'waitForTimeout', ms: 100 },
      ],
      [['scrolled', 120]],
    ],
    ['dragTo', [{ type: 'dragTo', selector: '#drag', target: '#drop' }], [['drop']]],
    ['dialogs dismissed', [{ type: 'click', selector: '#ask' }], [['asked', false, null]]],
    [
      'dialog',
      [
        { type: 'dialog', accept: true, promptText: 'Ann' },
        { type: 'click', selector: '#ask' },
      ],
      [['asked', true, 'Ann']],
    ],
    ['frame', [{ type: 'click', frame: '#f', selector: 'button' }], [['in frame']]],
    [
      'evaluate',
      [
        { type: 'evaluate', expression: `report(['evaluated'])` },
        { type: 'evaluate', expression: `async () => { await 0; report(['called']); return document; }` },
      ],
      [['evaluated'], ['called']],
    ],
  ];
  it.each(EFFECTS)('%s', async (_name, actions, expected) => {
    const result = await run(actions);
    expect(result.ok ? 'ok' : result.failure.detail).toBe('ok');
    expect(reports).toEqual(expected);
  });

  it('the waiting ones wait for what a click has set going', async () => {
    const result = await run([
      { type: 'click', selector: '#late' },
      { type: 'waitForSelector', selector: '#came' },
      { type: 'waitForURL', url: '**/pushed' },
      { type: 'waitForResponse', url: '**/data', status: 200 },
      { type: 'waitForFunction', expression: 'window.ready' },
      { type: 'waitForFunction', expression: '() => window.ready === true;' },
      { type: 'assert', selector: '#came', text: 'Loaded', url: '**/pushed?tab=1' },
      { type: 'assert', selector: '#nobody', state: 'detached' },
      { type: 'scrollIntoView', selector: '#far' },
      { type: 'hide', selector: '#b' },
      { type: 'remove', selector: '.twin' },
    ]);
    expect(result.ok ? 'ok' : result.failure.detail).toBe('ok');
    expect(result.observed.finalUrl).toBe(`${APP}/pushed?…`);
    expect(site.steps).toEqual(['session', 'navigate', 'settle', 'actions', 'actions!', 'render']);
  });

  it('a page that asks whether to leave it is left, whatever other dialogs are answered', async () => {
    const url = `${APP}/asks`;
    // Chromium asks only on a page that somebody has used.
    const used: ActionInput[] = [
      { type: 'dialog', accept: false },
      { type: 'click', selector: '#b' },
    ];
    const left = { ok: true, observed: { finalUrl: `${APP}/second` } };
    expect(await run([...used, { type: 'goto', url: '/second' }], { url })).toMatchObject(left);
    expect(await run([...used, { type: 'click', selector: '#l' }, { type: 'waitForURL', url: '**/second' }], { url })).toMatchObject(left);
  });

  it('goto goes to allowed hosts, relative addresses included, and to no other', async () => {
    expect(await run([{ type: 'goto', url: '/second' }])).toMatchObject({ ok: true, observed: { finalUrl: `${APP}/second` } });
    for (const url of [
      'https://stranger.example.net/',
      'http://app.example.com/',
      'file:///etc/passwd',
      'https://127.0.0.1/',
      'javascript:1',
    ]) {
      expect(await run([{ type: 'goto', url }]), url).toMatchObject({ ok: false, failure: { code: 'action_failed' } });
    }
    expect(site.seen.every((request) => request.host === 'app.example.com')).toBe(true);
  });

  it('expressions and styles work where the page forbids eval and inline styles', async () => {
    const actions: ActionInput[] = [
      { type: 'evaluate', expression: 'window.x = 1' },
      { type: 'waitForFunction', expression: 'x === 1' },
    ];
    expect(
      await site.capture({
        url: `${APP}/csp`,
        actions,
        styles: ['body { background: red }'],
        scripts: ['await 0; window.y = 2;'],
        waitFor: { function: 'window.x' },
      }),
    ).toMatchObject({ ok: true });
  });
});

describe('an action that fails', () => {
  const FAULTS: [string, ActionInput, string, string][] = [
    ['no such element', { type: 'click', selector: '#nobody', timeout: 200 }, 'action_timeout', 'Action 0 `click`'],
    ['two elements', { type: 'click', selector: '.twin' }, 'action_failed', 'more than one'],
    ['not a field', { type: 'fill', selector: '#b', value: 'x', timeout: 200 }, 'action_failed', 'Action 0 `fill`'],
    ['a throwing expression', { type: 'evaluate', expression: 'nobody.knows' }, 'action_failed', 'threw a ReferenceError'],
    ['an expression that is none', { type: 'waitForFunction', expression: 'if (' }, 'action_failed', 'expression'],
    ['a function that never holds', { type: 'waitForFunction', expression: 'false', timeout: 300 }, 'action_timeout', 'in time'],
    ['an address that never comes', { type: 'waitForURL', url: '**/never', timeout: 200 }, 'action_timeout', 'in time'],
    ['an unmet check', { type: 'assert', text: 'not there', timeout: 200, note: 'the total' }, 'expectation_failed', 'the total'],
    ['no such frame', { type: 'click', frame: '#nobody', selector: 'button', timeout: 200 }, 'action_timeout', 'Action 0'],
  ];
  it.each(FAULTS)('%s: is named by its place', async (_name, action, code, named) => {
    const result = await run([action]);
    expect(result).toMatchObject({ ok: false, failure: { code, step: 'actions', detail: expect.stringContaining(named) } });
  });

  it('is passed over when it is optional, and what follows runs', async () => {
    const optional = { optional: true, timeout: 200 };
    const result = await run([
      { type: 'click', selector: '#cookie-banner', ...optional },
      { type: 'assert', text: 'not there', ...optional },
      { type: 'click', selector: '#b' },
    ]);
    expect(result.ok).toBe(true);
    expect(reports).toContainEqual(['click', 1]);
  });

  it('cannot hide that the page left the allowed domains', async () => {
    const result = await run([
      { type: 'evaluate', expression: `location.href = 'https://stranger.example.net/'`, optional: true },
      { type: 'waitForSelector', selector: '#nobody', optional: true, timeout: 500 },
    ]);
    expect(result).toMatchObject({ ok: false, failure: { code: 'navigation_blocked' } });
  });

  it('side effects are told before they happen, and only they', async () => {
    const quiet: ActionInput[] = [
      { type: 'hover', selector: '#b' },
      { type: 'waitForTimeout', ms: 1 },
    ];
    expect(await run([...quiet, { type: 'waitForSelector', selector: '#nobody', timeout: 100 }])).toMatchObject({
      ok: false,
      sideEffects: false,
    });
    expect(await run([...quiet, { type: 'click', selector: '#nobody', timeout: 100 }])).toMatchObject({ ok: false, sideEffects: true });
  });
});
