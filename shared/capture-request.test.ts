import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { captureRequestSchema, needsScriptScope, PLANNED_FIELDS } from './capture-request.ts';
import { LIMITS } from './limits.ts';

const minimal = { url: 'https://app.example.com/', output: { format: 'png' } };
const withOutput = (output: Record<string, unknown>) => ({ ...minimal, output });
const withAction = (action: unknown) => ({ ...minimal, actions: [action] });
const withAuth = (auth: unknown) => ({ ...minimal, auth });
const many = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Every fault with its path, those inside the branches of a union included. */
function faults(body: unknown): string[] {
  const flatten = (issues: readonly z.core.$ZodIssue[], base: readonly PropertyKey[]): string[] =>
    issues.flatMap((issue) => {
      const path = [...base, ...issue.path];
      if (issue.code === 'invalid_union' && issue.errors.length > 0) return issue.errors.flatMap((branch) => flatten(branch, path));
      return [`${path.map(String).join('.')}: ${issue.message}`];
    });
  const result = captureRequestSchema.safeParse(body);
  return result.success ? [] : flatten(result.error.issues, []);
}

const ACCEPTED: readonly [what: string, body: unknown][] = [
  ['url and format alone', minimal],
  ['every format', withOutput({ format: 'webp', quality: 80 })],
  ['a full page', withOutput({ format: 'jpeg', fullPage: true, quality: 1, maxHeight: 20_000 })],
  [
    'an element',
    withOutput({ format: 'png', selector: '#report', omitBackground: true, scale: 'device', animations: 'allow', mask: ['.email'] }),
  ],
  [
    'several elements in a frame',
    withOutput({ format: 'webp', selectors: ['#a', '#b'], frame: 'iframe', padding: 10, style: 'a{}', caret: 'initial' }),
  ],
  ['closed scroll areas in a PDF', withOutput({ format: 'pdf', expandScrollContainers: false })],
  ['closed scroll areas', withOutput({ format: 'png', fullPage: true, expandScrollContainers: false })],
  ...['#f0f', '#ff00ff80', 'black', 'rgb(0 0 0 / 50%)', 'rgba(1,2,3,.5)', 'oklch(40% 0.2 30)'].map((maskColor): [string, unknown] => [
    maskColor,
    withOutput({ format: 'png', mask: ['a'], maskColor, compression: 'small' }),
  ]),
  ['a clip', withOutput({ format: 'png', clip: { x: 0, y: 0, width: 1, height: 1 } })],
  [
    'a PDF with its options',
    withOutput({
      format: 'pdf',
      pdf: { format: 'A3', landscape: true, margin: { top: '10mm', left: 20 }, pageRanges: '1-3, 5', scale: 0.5 },
    }),
  ],
  ['a PDF of its own size', withOutput({ format: 'pdf', pdf: { width: '20cm', height: 500 } })],
  ['pdf options beside an image: switching the format is enough', withOutput({ format: 'png', pdf: { format: 'A4' } })],
  ['one wait', { ...minimal, waitFor: { selector: '#chart', state: 'visible' } }],
  ['several waits', { ...minimal, waitFor: [{ text: 'Done' }, { url: '**/x' }, { response: '**/api' }] }],
  [
    'every action',
    {
      ...minimal,
      actions: [
        { type: 'click', selector: 'text=Save' },
        { type: 'fill', selector: '#q', value: '', secret: true },
        { type: 'waitForTimeout', ms: 10 },
        { type: 'goto', url: '/x' },
        { type: 'dialog', accept: true },
      ],
    },
  ],
  [
    'an emulated device',
    {
      ...minimal,
      device: 'iPhone 15',
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
      colorScheme: 'dark',
      geolocation: { latitude: 52.5, longitude: 13.4 },
    },
  ],
  ['the largest viewport', { ...minimal, viewport: { width: 7680, height: 7680 } }],
  ['flat and nested storage', withAuth({ localStorage: { token: 'x' }, sessionStorage: { 'https://app.example.com': { a: 'b' } } })],
  ['a sealed auth', withAuth({ sealed: 'eyJh.AA.aXY.Y3Q.dGFn' })],
  ['headers', { ...minimal, headers: { 'X-Team': '7', Accept: 'a\tb' } }],
  ['expectations', { ...minimal, expect: [{ selector: '#total', state: 'visible' }, { notText: 'Sign in' }, { status: 404 }] }],
  [
    'every kind of blocking',
    { ...minimal, block: { ads: true, cookieBanners: true, urls: ['**/chat/**'], resourceTypes: ['font', 'fetch'] } },
  ],
  ['a read-only capture', { ...minimal, readOnly: true }],
  ['a read-only capture with queries by POST', { ...minimal, readOnly: { allow: ['**/graphql/query**'] } }],
  ['a reproducible capture', { ...minimal, reproducible: true }],
  ['a reproducible capture at a time', { ...minimal, reproducible: { time: '2026-03-29T02:30:00+01:00' } }],
  ['tags', { ...minimal, tags: { customer: '42' }, reference: 'invoice-7' }],
];

const REFUSED: readonly [fault: string, body: unknown][] = [
  // Unknown keys are named, with the nearest valid one
  ['output: Unknown key `fulPage`: did you mean `fullPage`?', withOutput({ format: 'png', fulPage: true })],
  [': Unknown key `outputs`: did you mean `output`?', { ...minimal, outputs: {} }],
  [': Unknown key `waitfor`: did you mean `waitFor`?', { ...minimal, waitfor: {} }],
  ['actions.0: Unknown key `selektor`: did you mean `selector`?', withAction({ type: 'hover', selector: '#a', selektor: '#a' })],
  ['auth: Unknown key `cookie`: did you mean `cookies`?', withAuth({ cookie: [] })],
  ['auth.cookies.0: Unknown key `samesite`: did you mean `sameSite`?', withAuth({ cookies: [{ name: 'a', value: 'b', samesite: 'Lax' }] })],
  ['auth: `session` is not available in this version.', withAuth({ session: 'ses_x' })],
  ['waitFor: Unknown key `selctor`: did you mean `selector`?', { ...minimal, waitFor: { selctor: '#a' } }],
  // What must be there
  ['url: ', { output: { format: 'png' } }],
  ['output: ', { url: 'https://app.example.com/' }],
  ['output.format: ', withOutput({})],
  ['output.format: ', withOutput({ format: 'PNG' })],
  ['output.format: ', withOutput({ format: 'gif' })],
  ['url: ', { ...minimal, url: 5 }],
  [': ', 'text'],
  [': ', null],
  [': ', []],
  // Output
  ['output.quality: is for jpeg and webp only', withOutput({ format: 'png', quality: 80 })],
  ['output.quality: ', withOutput({ format: 'jpeg', quality: 0 })],
  ['output.quality: ', withOutput({ format: 'jpeg', quality: 101 })],
  ['output.quality: ', withOutput({ format: 'jpeg', quality: 79.5 })],
  ['output.omitBackground: is not for jpeg', withOutput({ format: 'jpeg', omitBackground: true })],
  ['output.clip: contradicts `selector`', withOutput({ format: 'png', selector: '#a', clip: { x: 0, y: 0, width: 1, height: 1 } })],
  ['output.selectors: contradicts `selector`', withOutput({ format: 'png', selector: '#a', selectors: ['#b'] })],
  ['output.clip: contradicts `selectors`', withOutput({ format: 'png', selectors: ['#a'], clip: { x: 0, y: 0, width: 1, height: 1 } })],
  ['output.fullPage: contradicts `selectors`', withOutput({ format: 'png', selectors: ['#a'], fullPage: true })],
  ['output.selectors: ', withOutput({ format: 'png', selectors: [] })],
  ['output.selectors.1: ', withOutput({ format: 'png', selectors: ['#a', 'xpath=//a'] })],
  ['output.padding: goes with `selector`', withOutput({ format: 'png', fullPage: true, padding: 1 })],
  ['output.padding: ', withOutput({ format: 'png', selector: 'a', padding: LIMITS.paddingPxMax + 1 })],
  ['output.frame: goes with `selector`', withOutput({ format: 'png', frame: 'iframe' })],
  ['output.maskColor: goes with `mask`', withOutput({ format: 'png', mask: [], maskColor: 'red' })],
  ['output.maskColor: must be a CSS color', withOutput({ format: 'png', mask: ['a'], maskColor: 'red;background:url(x)' })],
  ['output.compression: is for png only', withOutput({ format: 'jpeg', compression: 'small' })],
  ['output.selectors: is not for pdf', withOutput({ format: 'pdf', selectors: ['#a'] })],
  ['output.style: is not for pdf', withOutput({ format: 'pdf', style: 'a{}' })],
  ['output.fullPage: contradicts `selector`', withOutput({ format: 'png', selector: '#a', fullPage: true })],
  ['output.fullPage: contradicts `clip`', withOutput({ format: 'png', fullPage: true, clip: { x: 0, y: 0, width: 1, height: 1 } })],
  ['output.fullPage: is not for pdf', withOutput({ format: 'pdf', fullPage: true })],
  ['output.selector: is not for pdf', withOutput({ format: 'pdf', selector: '#a' })],
  ['output.clip.width: ', withOutput({ format: 'png', clip: { x: 0, y: 0, width: 0, height: 1 } })],
  ['output.clip.x: ', withOutput({ format: 'png', clip: { x: -1, y: 0, width: 1, height: 1 } })],
  ['output.selector: the selector engine `xpath` is not supported', withOutput({ format: 'png', selector: 'xpath=//a' })],
  ['output.mask.1: is not valid CSS', withOutput({ format: 'png', mask: ['#a', 'b['] })],
  ['output.maxHeight: ', withOutput({ format: 'png', maxHeight: LIMITS.heightPxMax + 1 })],
  // Page
  ['viewport.width: ', { ...minimal, viewport: { width: 0, height: 720 } }],
  ['viewport.width: ', { ...minimal, viewport: { width: 7681, height: 720 } }],
  ['viewport.height: ', { ...minimal, viewport: { width: 1280, height: 720.5 } }],
  ['viewport: makes more than 64000000 pixels', { ...minimal, viewport: { width: 7680, height: 7680 }, deviceScaleFactor: 2 }],
  ['deviceScaleFactor: ', { ...minimal, deviceScaleFactor: 5 }],
  ['device: is not a known device: did you mean "iPhone 15"?', { ...minimal, device: 'iPhone15' }],
  ['locale: is not a known locale', { ...minimal, locale: 'xx-notalocale-at-all' }],
  ['locale: is not a known locale', { ...minimal, locale: 'en_GB' }],
  ['timezoneId: is not a known time zone', { ...minimal, timezoneId: 'Europe/Berlim' }],
  ['timezoneId: is not a known time zone', { ...minimal, timezoneId: '+02:00' }],
  ['userAgent: must be printable ASCII', { ...minimal, userAgent: 'a\r\nX: 1' }],
  ['geolocation.latitude: ', { ...minimal, geolocation: { latitude: 91, longitude: 0 } }],
  ['colorScheme: ', { ...minimal, colorScheme: 'blue' }],
  ['waitUntil: ', { ...minimal, waitUntil: 'idle' }],
  ['waitFor: needs exactly one of', { ...minimal, waitFor: { selector: '#a', text: 'b' } }],
  ['waitFor: needs exactly one of', { ...minimal, waitFor: {} }],
  ['waitFor.url: may have at most 20 wildcards', { ...minimal, waitFor: { url: '**a'.repeat(21) } }],
  ['waitFor.1.response: may have at most 20 wildcards', { ...minimal, waitFor: [{ text: 'a' }, { response: '**a'.repeat(21) }] }],
  ['waitFor.state: goes with `selector` only', { ...minimal, waitFor: { text: 'a', state: 'visible' } }],
  ['waitFor: must be a wait: an object with exactly one of selector', { ...minimal, waitFor: '#a' }],
  ['waitFor.1: must be a wait: an object with exactly one of selector', { ...minimal, waitFor: [{ text: 'a' }, '#a'] }],
  ['waitFor.1.selector: Invalid input: expected string', { ...minimal, waitFor: [{ text: 'a' }, { selector: 5 }] }],
  ['waitFor: ', { ...minimal, waitFor: many(LIMITS.waitsMax + 1).map(() => ({ text: 'a' })) }],
  ['expect.0: needs at least one of', { ...minimal, expect: [{ state: 'visible' }] }],
  ['delay: ', { ...minimal, delay: LIMITS.delayMsMax + 1 }],
  ['timeouts.total: ', { ...minimal, timeouts: { total: 999 } }],
  ['timeouts.total: ', { ...minimal, timeouts: { total: 300_001 } }],
  ['timeouts.action: ', { ...minimal, timeouts: { action: 99 } }],
  ['styles: ', { ...minimal, styles: many(LIMITS.stylesMax + 1).map(() => 'a{}') }],
  ['scripts.0: ', { ...minimal, scripts: ['x'.repeat(LIMITS.scriptCharsMax + 1)] }],
  // Controls
  ['block: Unknown key `url`: did you mean `urls`?', { ...minimal, block: { url: [] } }],
  ['block.urls.0: ', { ...minimal, block: { urls: [''] } }],
  ['block.urls: ', { ...minimal, block: { urls: many(LIMITS.blockRulesMax + 1).map(() => '**') } }],
  ['block.resourceTypes.0: ', { ...minimal, block: { resourceTypes: ['websocket'] } }],
  ['block.ads: ', { ...minimal, block: { ads: 'yes' } }],
  ['readOnly: ', { ...minimal, readOnly: 'yes' }],
  ['readOnly.allow: is required', { ...minimal, readOnly: {} }],
  ['readOnly: Unknown key `allows`: did you mean `allow`?', { ...minimal, readOnly: { allows: [] } }],
  ['reproducible.time: must be an RFC 3339 time', { ...minimal, reproducible: { time: 'noon' } }],
  ['output.animations: contradicts `reproducible`', { ...withOutput({ format: 'png', animations: 'allow' }), reproducible: true }],
  // Actions
  ['actions: ', { ...minimal, actions: many(LIMITS.actionsMax + 1).map(() => ({ type: 'click', selector: '#a' })) }],
  [
    'actions: waits 120000 ms in all',
    {
      ...minimal,
      actions: [
        { type: 'waitForTimeout', ms: 60_000 },
        { type: 'waitForTimeout', ms: 60_000 },
      ],
    },
  ],
  ['actions: waits', { ...minimal, delay: 5000, timeouts: { total: 5000 } }],
  ['actions.0.type: ', withAction({ type: 'tap', selector: '#a' })],
  ['actions.0.selector: ', withAction({ type: 'click' })],
  ['actions.0.selector: must not be empty', withAction({ type: 'click', selector: '' })],
  ['actions.0.frame: ', withAction({ type: 'click', selector: '#a', frame: '_react=X' })],
  ['actions.0.ms: ', withAction({ type: 'waitForTimeout', ms: -1 })],
  ['actions.0.value: ', withAction({ type: 'fill', selector: '#a', value: 'x'.repeat(LIMITS.textCharsMax + 1) })],
  ['actions.0.clickCount: ', withAction({ type: 'click', selector: '#a', clickCount: 4 })],
  // Auth state and headers
  ['headers.Host: may not be set', { ...minimal, headers: { Host: 'evil.example' } }],
  ['headers.cookie: may not be set', { ...minimal, headers: { cookie: 'a=b' } }],
  ['headers.Proxy-Authorization: may not be set', { ...minimal, headers: { 'Proxy-Authorization': 'x' } }],
  ['headers.X-A: holds a control character', { ...minimal, headers: { 'X-A': 'a\r\nX-B: c' } }],
  ['headers.X: is not a valid header name', { ...minimal, headers: { 'X A': 'b' } }],
  ['headers: has more than 50 headers', { ...minimal, headers: Object.fromEntries(many(51).map((index) => [`X-${index}`, 'a'])) }],
  ['auth.headers.Transfer-Encoding: may not be set', withAuth({ headers: { 'Transfer-Encoding': 'chunked' } })],
  ['auth.bearer: must be visible ASCII', withAuth({ bearer: 'a b' })],
  ['auth.sealed: must be a compact JWE', withAuth({ sealed: 'not a jwe' })],
  ['auth.cookies: ', withAuth({ cookies: many(LIMITS.cookiesMax + 1).map((index) => ({ name: `c${index}`, value: '' })) })],
  ['auth.cookies.0.value: ', withAuth({ cookies: [{ name: 'a' }] })],
  ['auth.cookies.0.sameSite: ', withAuth({ cookies: [{ name: 'a', value: 'b', sameSite: 'lax' }] })],
  ['auth.localStorage: is larger than', withAuth({ localStorage: { a: 'x'.repeat(LIMITS.storageBytesMax) } })],
  [
    'auth.localStorage: names more than 10 origins',
    withAuth({ localStorage: Object.fromEntries(many(11).map((index) => [`https://a${index}.example.com`, {}])) }),
  ],
  ['auth.localStorage', withAuth({ localStorage: { flat: 'x', 'https://app.example.com': { a: 'b' } } })],
  ['auth.verify: needs at least one of', withAuth({ verify: {} })],
  ['auth.origins: ', withAuth({ origins: [] })],
  ['auth.storageState.cookies.0.domain: ', withAuth({ storageState: { cookies: [{ name: 'a', value: 'b', path: '/' }] } })],
  // Housekeeping
  ['tags: has more than 20 tags', { ...minimal, tags: Object.fromEntries(many(21).map((index) => [`t${index}`, 'a'])) }],
  ['tags.a: ', { ...minimal, tags: { a: 'x'.repeat(257) } }],
  ['tags.a: ', { ...minimal, tags: { a: 1 } }],
  ['tags: may not hold NUL', { ...minimal, tags: { a: '\u0000' } }],
  ['retention: ', { ...minimal, retention: 1 }],
  ['deadline: ', { ...minimal, deadline: LIMITS.deadlineMsMax + 1 }],
  ['reference: ', { ...minimal, reference: '' }],
];

describe('captureRequestSchema', () => {
  test.each(ACCEPTED)('takes %s', (_what, body) => {
    expect(faults(body)).toEqual([]);
  });

  test.each(REFUSED)('refuses with "%s"', (fault, body) => {
    expect(faults(body).filter((found) => found.startsWith(fault))).not.toEqual([]);
  });

  test.each(PLANNED_FIELDS)('refuses the planned field %s by name instead of passing it over', (field) => {
    expect(faults({ ...minimal, [field]: {} })).toEqual([`: \`${field}\` is not available in this version.`]);
  });

  test('fills in what rest-api.md says is the default', () => {
    expect(captureRequestSchema.parse(minimal)).toMatchObject({
      actions: [],
      waitUntil: 'auto',
      delay: 0,
      timeouts: { navigation: 30_000, action: 10_000, readiness: 20_000, total: 120_000 },
      onTimeout: 'fail',
      javaScriptEnabled: true,
      retryAfterActions: false,
      block: { ads: false, cookieBanners: false, urls: [], resourceTypes: [] },
      readOnly: false,
      reproducible: false,
      deadline: 600_000,
      retention: 2_592_000_000,
      tags: {},
    });
    expect(captureRequestSchema.parse({ ...minimal, timeouts: { total: 5000 } }).timeouts).toMatchObject({ total: 5000, action: 10_000 });
  });

  test('no message quotes a value: it may be a secret', () => {
    const canary = 'canary-5d1f';
    const bodies = [
      withAuth({ cookies: [{ name: 'a', value: canary, sameSite: canary }] }),
      withAuth({ bearer: `${canary} ${canary}`, sealed: canary }),
      withAuth({ localStorage: { a: canary, 'https://app.example.com': { b: canary } } }),
      withAction({ type: 'fill', selector: '#a', valeu: canary }),
      { ...minimal, headers: { 'X-A': `${canary}\r\n` } },
      { ...minimal, url: [canary] },
    ];
    for (const body of bodies) {
      expect(faults(body)).not.toEqual([]);
      expect(faults(body).join(' ')).not.toContain(canary);
    }
  });
});

test.each([
  [{ scripts: ['1'] }, true],
  [{ actions: [{ type: 'evaluate', expression: '1' }] }, true],
  [{ actions: [{ type: 'waitForFunction', expression: '1' }] }, true],
  [{ waitFor: { function: '1' } }, true],
  [{ waitFor: [{ text: 'a' }, { function: '1' }] }, true],
  [{}, false],
  [{ actions: [{ type: 'click', selector: '#a' }], waitFor: [{ text: 'a' }], styles: ['a{}'] }, false],
])('%j needs captures:script: %s', (over, expected) => {
  expect(needsScriptScope(captureRequestSchema.parse({ ...minimal, ...over }))).toBe(expected);
});
