import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiBed, createApiBed, GOOD, problemOf } from './api-bed.ts';

let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed();
});
afterAll(() => bed?.close());

const png = (output: object) => ({ ...GOOD, output: { format: 'png', ...output } });
const pdf = (options: object) => ({ ...GOOD, output: { format: 'pdf', pdf: options } });
const auth = (state: object) => ({ ...GOOD, auth: state });
const long = (count: number) => 'a'.repeat(count);

/** A key that is not there, wherever it belongs. */
const MISSING: [unknown, string][] = [
  [{ output: { format: 'png' } }, 'url'],
  [{ url: GOOD.url }, 'output'],
  [{ ...GOOD, output: {} }, 'output.format'],
  [{ ...GOOD, output: { format: 'png', clip: { x: 0, y: 0, width: 1 } } }, 'output.clip.height'],
  [{ ...GOOD, actions: [{ type: 'click' }] }, 'actions[0].selector'],
  [{ ...GOOD, auth: { cookies: [{ name: 'sid' }] } }, 'auth.cookies[0].value'],
];
test.each(MISSING)('%j: the missing key is said to be required', async (body, path) => {
  const answer = await bed.call('/api/captures', { body });
  expect(problemOf(answer).errors).toEqual([{ path, message: expect.stringMatching(/^is required/) }]);
});

/** What is sent, and the path of the fault that must be named. */
const CASES: [string, unknown, string][] = [
  ['no object', [], ''],
  ['null', null, ''],
  ['no url', { output: { format: 'png' } }, 'url'],
  ['no output', { url: GOOD.url }, 'output'],
  ['no format', { ...GOOD, output: {} }, 'output.format'],
  ['a format in capitals', { ...GOOD, output: { format: 'PNG' } }, 'output.format'],
  ['an unknown format', { ...GOOD, output: { format: 'gif' } }, 'output.format'],
  ['quality for png', png({ quality: 80 }), 'output.quality'],
  ['quality 0', { ...GOOD, output: { format: 'jpeg', quality: 0 } }, 'output.quality'],
  ['quality 101', { ...GOOD, output: { format: 'webp', quality: 101 } }, 'output.quality'],
  ['fullPage for pdf', { ...GOOD, output: { format: 'pdf', fullPage: true } }, 'output.fullPage'],
  ['selector and clip', png({ selector: '#a', clip: { x: 0, y: 0, width: 1, height: 1 } }), 'output.clip'],
  ['fullPage and selector', png({ fullPage: true, selector: '#a' }), 'output.fullPage'],
  ['a transparent jpeg', { ...GOOD, output: { format: 'jpeg', omitBackground: true } }, 'output.omitBackground'],
  ['an empty clip', png({ clip: { x: 0, y: 0, width: 0, height: 1 } }), 'output.clip.width'],
  ['margins wider than the page', pdf({ margin: { left: '200mm', right: '100mm' } }), 'output.pdf.margin'],
  ['a length without a unit', pdf({ margin: { top: '10' } }), 'output.pdf.margin.top'],
  ['ranges backwards', pdf({ pageRanges: '3-1' }), 'output.pdf.pageRanges'],
  ['remote content in a header', pdf({ headerTemplate: '<img src="https://evil.test/x">' }), 'output.pdf.headerTemplate'],
  ['an unknown page size', pdf({ format: 'a4' }), 'output.pdf.format'],
  ['a viewport of zero', { ...GOOD, viewport: { width: 0, height: 720 } }, 'viewport.width'],
  ['a viewport of half pixels', { ...GOOD, viewport: { width: 1280.5, height: 720 } }, 'viewport.width'],
  ['a viewport over 7680', { ...GOOD, viewport: { width: 7681, height: 720 } }, 'viewport.width'],
  ['too many pixels', { ...GOOD, viewport: { width: 7680, height: 7680 }, deviceScaleFactor: 2 }, 'viewport'],
  ['a scale over 4', { ...GOOD, deviceScaleFactor: 5 }, 'deviceScaleFactor'],
  ['an unknown device', { ...GOOD, device: 'iPhone 1500' }, 'device'],
  ['an unknown locale', { ...GOOD, locale: 'xx_YY!' }, 'locale'],
  ['an unknown time zone', { ...GOOD, timezoneId: 'Mars/Base' }, 'timezoneId'],
  ['total under a second', { ...GOOD, timeouts: { total: 999 } }, 'timeouts.total'],
  ['total over five minutes', { ...GOOD, timeouts: { total: 300_001 } }, 'timeouts.total'],
  ['waits longer than the total', { ...GOOD, timeouts: { total: 5000 }, actions: [{ type: 'waitForTimeout', ms: 5000 }] }, 'actions'],
  ['51 actions', { ...GOOD, actions: Array.from({ length: 51 }, () => ({ type: 'click', selector: 'a' })) }, 'actions'],
  ['an unknown action', { ...GOOD, actions: [{ type: 'clik', selector: 'a' }] }, 'actions[0].type'],
  ['an action without its selector', { ...GOOD, actions: [{ type: 'click' }] }, 'actions[0].selector'],
  ['a selector of another engine', { ...GOOD, actions: [{ type: 'click', selector: 'xpath=//a' }] }, 'actions[0].selector'],
  ['a selector with a fault', { ...GOOD, actions: [{ type: 'click', selector: 'a[' }] }, 'actions[0].selector'],
  ['an overlong selector', png({ selector: long(1001) }), 'output.selector'],
  ['a wait for nothing', { ...GOOD, waitFor: {} }, 'waitFor'],
  ['a wait for two things', { ...GOOD, waitFor: [{ selector: '#a', text: 'b' }] }, 'waitFor[0]'],
  ['a header with CR LF', { ...GOOD, headers: { 'X-A': 'a\r\nb' } }, 'headers.X-A'],
  ['a header of the browser', { ...GOOD, headers: { Host: 'x' } }, 'headers.Host'],
  ['a proxy header', auth({ headers: { 'Proxy-Authorization': 'x' } }), 'auth.headers.Proxy-Authorization'],
  ['201 cookies', auth({ cookies: Array.from({ length: 201 }, (_, i) => ({ name: `c${i}`, value: 'x' })) }), 'auth.cookies'],
  [
    'a cookie for another host',
    auth({
      cookies: [
        { name: 'a', value: 'b' },
        { name: 'a', value: 'b', domain: 'evil.test' },
      ],
    }),
    'auth.cookies[1].domain',
  ],
  ['a cookie for a public suffix', auth({ cookies: [{ name: 'a', value: 'b', domain: '.co.uk' }] }), 'auth.cookies[0].domain'],
  ['a cookie value with a semicolon', auth({ cookies: [{ name: 'a', value: 'b;c' }] }), 'auth.cookies[0].value'],
  ['storage for another origin', auth({ localStorage: { 'https://evil.test': { a: 'b' } } }), 'auth.localStorage.https://evil.test'],
  [
    'a storage value that is a number',
    auth({ localStorage: { 'https://app.example.com': { a: 1 } } }),
    'auth.localStorage.https://app.example.com.a',
  ],
  ['a bearer with spaces', auth({ bearer: 'a b' }), 'auth.bearer'],
  ['origins over http', auth({ headers: { 'X-A': 'b' }, origins: ['http://app.example.com'] }), 'auth.origins[0]'],
  ['a sealed state that is no JWE', auth({ sealed: 'abc' }), 'auth.sealed'],
  ['a verify that checks nothing', auth({ verify: {} }), 'auth.verify'],
  ['21 tags', { ...GOOD, tags: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`k${i}`, 'v'])) }, 'tags'],
  ['a tag that is a number', { ...GOOD, tags: { a: 1 } }, 'tags.a'],
  ['an overlong tag', { ...GOOD, tags: { a: long(257) } }, 'tags.a'],
  ['an overlong tag key', { ...GOOD, tags: { [long(65)]: 'a' } }, `tags.${long(65)}`],
  ['an overlong reference', { ...GOOD, reference: long(257) }, 'reference'],
  ['retention under an hour', { ...GOOD, retention: 1000 }, 'retention'],
  ['a deadline over a day', { ...GOOD, deadline: 86_400_001 }, 'deadline'],
  ['an expectation of nothing', { ...GOOD, expect: [{}] }, 'expect[0]'],
  ['NUL in a text', { ...GOOD, reference: 'a\u0000b' }, 'reference'],
  ['NUL in a value of a cookie', auth({ cookies: [{ name: 'a', value: '\u0000' }] }), 'auth.cookies[0].value'],
  [
    'NUL in a storage state',
    auth({ storageState: { cookies: [], origins: [{ origin: GOOD.url, localStorage: [{ name: 'a', value: '\u0000' }] }] } }),
    'auth.storageState.origins[0].localStorage[0].value',
  ],
  ['half a surrogate pair', { ...GOOD, tags: { a: '\ud800' } }, 'tags.a'],
  ['half a surrogate pair in a key', { ...GOOD, tags: { '\udc00': 'a' } }, 'tags.\ufffd'],
];

describe('422 invalid_request', () => {
  test.each(CASES)('%s', async (_name, body, path) => {
    const answer = await bed.call('/api/captures', { raw: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    const problem = problemOf(answer);
    expect([answer.status, problem.code]).toEqual([422, 'invalid_request']);
    expect((problem.errors ?? []).map((error) => error.path)).toContain(path);
    expect(problem.detail).not.toBe('');
  });

  test('an unknown key is named with the nearest valid one, at any depth', async () => {
    const near: [unknown, string, string][] = [
      [png({ fulPage: true }), 'output.fulPage', 'fullPage'],
      [{ ...GOOD, viewPort: {} }, 'viewPort', 'viewport'],
      [auth({ cookie: [] }), 'auth.cookie', 'cookies'],
      [auth({ cookies: [{ name: 'a', value: 'b', samesite: 'Lax' }] }), 'auth.cookies[0].samesite', 'sameSite'],
      [{ ...GOOD, actions: [{ type: 'click', selecter: 'a' }] }, 'actions[0].selecter', 'selector'],
      [{ ...GOOD, waitFor: { selectr: '#a' } }, 'waitFor.selectr', 'selector'],
    ];
    for (const [body, path, name] of near) {
      const problem = problemOf(await bed.call('/api/captures', { body }));
      expect(problem.errors?.find((error) => error.path === path)?.message).toContain(`\`${name}\``);
    }
  });

  test('an unknown key comes before what is missing on account of it', async () => {
    const { output, ...rest } = GOOD;
    const typos: [unknown, string, string][] = [
      [{ ...rest, ouput: output }, '`ouput`: Unknown key `ouput`: did you mean `output`? (and 1 more, see `errors`)', 'output'],
      [
        { ...GOOD, actions: [{ type: 'click', selecter: 'a' }] },
        '`actions[0].selecter`: Unknown key `selecter`: did you mean `selector`? (and 1 more, see `errors`)',
        'actions[0].selector',
      ],
    ];
    for (const [body, detail, missing] of typos) {
      const problem = problemOf(await bed.call('/api/captures', { body }));
      expect(problem.detail).toBe(detail);
      expect(problem.errors?.[1]).toEqual({ path: missing, message: 'is required' });
    }
  });

  test('a field that is planned is refused by name, not passed over', async () => {
    const problem = problemOf(await bed.call('/api/captures', { body: { ...GOOD, runner: { labels: ['office'] } } }));
    expect(problem.errors).toEqual([{ path: 'runner', message: '`runner` is not available in this version.' }]);
  });

  test('`__proto__` is an unknown key, and deep nesting is refused', async () => {
    const headers = { 'content-type': 'application/json' };
    const proto = await bed.call('/api/captures', {
      raw: '{"url":"https://app.example.com/","output":{"format":"png"},"tags":{"__proto__":"x"}}',
      headers,
    });
    expect([proto.status, problemOf(proto).errors?.[0]?.path]).toEqual([422, 'tags.__proto__']);
    const deep = await bed.call('/api/captures', { raw: `${'['.repeat(200_000)}${']'.repeat(200_000)}`, headers });
    expect(deep.status).toBe(422);
  });

  test('several faults are all told, none quotes a value', async () => {
    const answer = await bed.call('/api/captures', {
      body: {
        ...GOOD,
        auth: { bearer: 'canary one', cookies: [{ name: 1, value: 'canary-two' }] },
        userAgent: 'canary\u00e9',
        locale: 'canary!',
      },
    });
    const problem = problemOf(answer);
    expect(problem.errors?.map((error) => error.path)).toEqual(
      expect.arrayContaining(['auth.bearer', 'auth.cookies[0].name', 'userAgent', 'locale']),
    );
    expect(answer.text).not.toContain('canary');
    expect(bed.logs.join('')).not.toContain('canary');
  });
});

describe('422 invalid_target_url', () => {
  test.each([
    'http://app.example.com/',
    'HTTP://app.example.com/',
    'ftp://app.example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'view-source:https://app.example.com/',
    '//app.example.com/',
    'app.example.com',
    '',
    ' https://app.example.com/',
    'https://user:pass@app.example.com/',
    'https://user@app.example.com/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://app.example.com\\@evil.test/',
    'https://app.example.com/\u0009x',
    'https:///app.example.com/',
    'https://app..example.com/',
    `https://app.example.com/${long(2048)}`,
  ])('%j', async (url) => {
    const answer = await bed.call('/api/captures', { body: { ...GOOD, url } });
    expect([answer.status, problemOf(answer).code]).toEqual([422, 'invalid_target_url']);
  });

  test('one trailing dot and capitals are no fault', async () => {
    for (const url of ['https://app.example.com./x', 'HTTPS://APP.Example.COM/x']) {
      const answer = await bed.call('/api/captures', { body: { ...GOOD, url } });
      expect([answer.status, answer.body]).toEqual([202, expect.objectContaining({ url: 'https://app.example.com/x' })]);
    }
  });

  test('the schema is judged before the URL, the URL before the domain', async () => {
    const schema = await bed.call('/api/captures', { body: { url: 'http://other.test', output: { format: 'gif' } } });
    expect(problemOf(schema).code).toBe('invalid_request');
    const target = await bed.call('/api/captures', { body: { ...GOOD, url: 'http://other.test' } });
    expect(problemOf(target).code).toBe('invalid_target_url');
  });
});
