/** A request as it is sent, apart from what its body means, and what rest-api.md says of it. `CANARY` is the planted secret. */
export type TransportCase = {
  why: string;
  raw?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  method?: string;
  path?: string;
  status: number;
  /** null for what is accepted. */
  code: string | null;
};
export type TransportGroup = { readonly group: string; readonly cases: readonly TransportCase[] };

const GOOD = '{"url":"https://app.example.com/x","auth":{"bearer":"CANARY"},"output":{"format":"png"}}';
const utf8 = (text: string) => new TextEncoder().encode(text);
const bytes = (...parts: (string | readonly number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => [...(typeof part === 'string' ? utf8(part) : part)]));
const utf16 = (text: string, isLittle: boolean) =>
  Uint8Array.from(
    [...text].flatMap((letter) => {
      const code = letter.charCodeAt(0);
      return isLittle ? [code & 0xff, code >> 8] : [code >> 8, code & 0xff];
    }),
  );

const json = (why: string, raw: string | Uint8Array<ArrayBuffer>): TransportCase => ({ why, raw, status: 400, code: 'invalid_json' });
const fine = (why: string, more: Partial<TransportCase>): TransportCase => ({ why, raw: GOOD, status: 202, code: null, ...more });
const invalid = (why: string, raw: string): TransportCase => ({ why, raw, status: 422, code: 'invalid_request' });
const type = (why: string, contentType: string): TransportCase => ({
  why,
  raw: GOOD,
  headers: { 'content-type': contentType },
  status: 415,
  code: 'unsupported_media_type',
});
const encoding = (why: string, contentEncoding: string): TransportCase => ({
  ...type(why, 'application/json'),
  headers: { 'content-encoding': contentEncoding },
});
const method = (name: string, path = '/api/captures'): TransportCase => ({
  why: `${name} ${path}`,
  raw: undefined,
  method: name,
  path,
  status: 405,
  code: 'method_not_allowed',
});
const key = (why: string, value: string): TransportCase => ({
  why,
  raw: GOOD,
  headers: { 'idempotency-key': value },
  status: 400,
  code: 'invalid_idempotency_key',
});

export const TRANSPORT: readonly TransportGroup[] = [
  {
    group: 'what is no JSON',
    cases: [
      json('nothing', ''),
      json('a space', ' '),
      json('a word', 'CANARY'),
      json('cut off', GOOD.slice(0, -1)),
      json('cut off in the secret', GOOD.slice(0, 62)),
      json('a comma at the end', GOOD.replace(/\}$/, ',}')),
      json('a comment', `/* CANARY */${GOOD}`),
      json('single quotes', GOOD.replaceAll('"', "'")),
      json('keys without quotes', '{url:"CANARY"}'),
      json('two documents', GOOD + GOOD),
      json('something behind it', `${GOOD}CANARY`),
      json('a line break in a text', GOOD.replace('CANARY', 'CANARY\n')),
      json('NUL behind it', `${GOOD}\u0000`),
      json('NaN', GOOD.replace('"png"', 'NaN')),
      json('hexadecimal', GOOD.replace('"png"', '0x1')),
      json('a form', 'url=https%3A%2F%2Fapp.example.com&bearer=CANARY'),
      json('XML', '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
      json('YAML', 'url: https://app.example.com/\nbearer: CANARY'),
    ],
  },
  {
    group: 'encodings',
    cases: [
      fine('a byte order mark', { raw: `\ufeff${GOOD}` }),
      fine('spaces around it', { raw: `\r\n\t ${GOOD} \r\n` }),
      fine('escapes for letters', { raw: GOOD.replace('png', '\\u0070ng') }),
      json('UTF-16, little end first', utf16(`\ufeff${GOOD}`, true)),
      json('UTF-16, big end first', utf16(`\ufeff${GOOD}`, false)),
      json('UTF-16 without its mark', utf16(GOOD, true)),
      json('Latin-1', bytes('{"url":"https://app.example.com/', [0xe9], '"}')),
      json('a byte that is none', bytes('{"url":"', [0xff], '"}')),
      json('a letter cut off', bytes('{"url":"', [0xc3], '"}')),
      json('a letter written too long', bytes('{"url":"', [0xc0, 0xaf], '"}')),
      json('a surrogate as bytes', bytes('{"url":"', [0xed, 0xa0, 0x80], '"}')),
      json('compressed', Uint8Array.from([0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00])),
      invalid('half a surrogate pair by an escape', GOOD.replace('CANARY', 'CANARY\\ud800')),
      invalid('NUL by an escape', GOOD.replace('CANARY', 'CANARY\\u0000')),
    ],
  },
  {
    group: 'JSON that is no request',
    cases: [
      invalid('null', 'null'),
      invalid('true', 'true'),
      invalid('a number', '1e400'),
      invalid('a text', '"CANARY"'),
      invalid('an empty list', '[]'),
      invalid('a request in a list', `[${GOOD}]`),
      invalid('an empty object', '{}'),
      invalid('100,000 lists in each other', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
      invalid('100,000 objects in each other', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
      invalid('the prototype as a key', `{"__proto__":{"admin":true},${GOOD.slice(1)}`),
      invalid('the prototype as a tag', GOOD.replace('"output"', '"tags":{"__proto__":"CANARY"},"output"')),
      invalid('the prototype in an origin', GOOD.replace('"bearer"', '"localStorage":{"__proto__":{"a":"CANARY"}},"bearer"')),
      invalid('the prototype in a storage state', GOOD.replace('"bearer"', '"storageState":{"x":{"__proto__":1}},"bearer"')),
      invalid('the prototype as a header', GOOD.replace('"bearer"', '"headers":{"__proto__":"CANARY"},"bearer"')),
      invalid('the prototype by escapes', `{"\\u005f\\u005fproto__":{"admin":true},${GOOD.slice(1)}`),
      invalid('a number beyond all numbers', GOOD.replace('"png"', '"png","quality":1e999')),
      {
        why: 'a key twice: the last counts, and is what is judged',
        raw: `{"url":"https://app.example.com/",${GOOD.slice(1).replace('app.example.com', 'evil.test')}`,
        status: 403,
        code: 'domain_not_allowed',
      },
      fine('a key twice, the last one fine', { raw: `{"url":"https://evil.test/",${GOOD.slice(1)}` }),
      invalid('a key twice, the last one wrong', GOOD.replace('"png"', '"png","format":"gif"')),
    ],
  },
  {
    group: 'sizes',
    cases: [
      { why: 'over 1 MiB', raw: `${GOOD}${' '.repeat(1_048_577 - GOOD.length)}`, status: 413, code: 'payload_too_large' },
      { why: 'far over 1 MiB', raw: ' '.repeat(5_000_000), status: 413, code: 'payload_too_large' },
      { why: 'far over 1 MiB in a secret', raw: GOOD.replace('CANARY', 'CANARY'.repeat(300_000)), status: 413, code: 'payload_too_large' },
      fine('nearly 1 MiB', { raw: `${GOOD}${' '.repeat(1_000_000)}` }),
    ],
  },
  {
    group: 'content types',
    cases: [
      type('a text', 'text/plain'),
      type('JSON as a text', 'text/json'),
      type('a form', 'application/x-www-form-urlencoded'),
      type('a form in parts', 'multipart/form-data; boundary=x'),
      type('XML', 'application/xml'),
      type('something like JSON', 'application/jsonx'),
      type('lines of JSON', 'application/x-ndjson'),
      type('a patch', 'application/merge-patch+json'),
      type('bytes', 'application/octet-stream'),
      type('a star', '*/*'),
      type('a word', 'json'),
      type('two', 'application/json, text/plain'),
      fine('in capitals, with a charset', { headers: { 'content-type': 'Application/JSON; Charset=UTF-8' } }),
      encoding('compressed', 'gzip'),
      encoding('compressed twice', 'gzip, br'),
      encoding('compressed by another', 'deflate'),
      encoding('compressed by nothing known', 'x'),
      fine('not compressed, and says so', { headers: { 'content-encoding': 'identity' } }),
    ],
  },
  {
    group: 'methods',
    cases: [
      ...['PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((name) => method(name)),
      ...['PUT', 'PATCH', 'POST', 'OPTIONS'].map((name) => method(name, '/api/captures/cap_01ARZ3NDEKTSV4RRFFQ69G5FAV')),
      method('GET', '/api/captures/cap_01ARZ3NDEKTSV4RRFFQ69G5FAV/cancel'),
      method('GET', '/api/captures/cap_01ARZ3NDEKTSV4RRFFQ69G5FAV/links'),
      method('DELETE', '/api/openapi.json'),
      method('POST', '/api/keys/runner'),
      fine('another method in a header is passed over', { headers: { 'x-http-method-override': 'DELETE' } }),
    ],
  },
  {
    group: 'Prefer',
    cases: [
      ...[
        '',
        ',',
        ';',
        'wait',
        'wait=',
        'wait=x',
        'wait=-1',
        'wait=1e9',
        'wait=1.5',
        'wait=٣',
        'wait=99999999999999999999',
        'wait=0x10',
        `wait=${'9'.repeat(5000)}`,
      ].map((prefer) => fine(JSON.stringify(prefer.slice(0, 40)), { headers: { prefer: encodeURI(prefer) } })),
      fine('another preference', { headers: { prefer: 'respond-async, return=minimal' } }),
      fine('no time at all', { headers: { prefer: 'wait=0' } }),
      fine('quoted', { headers: { prefer: 'wait="0"' } }),
    ],
  },
  {
    group: 'Idempotency-Key',
    cases: [
      key('a space', 'a b'),
      key('a tab', 'a\tb'),
      key('letters beyond ASCII', 'é'),
      key('256 characters', 'k'.repeat(256)),
      key('far too long', 'k'.repeat(8000)),
      { ...key('the key stands before the target', 'a b'), raw: GOOD.replace('app.example.com', 'evil.test') },
      fine('255 characters', { headers: { 'idempotency-key': 'k'.repeat(255) } }),
      fine('signs', { headers: { 'idempotency-key': `'";--<>{}$(x)\`|&\\` } }),
    ],
  },
  {
    group: 'paths and queries',
    cases: [
      { why: 'a slash at the end', path: '/api/captures/', raw: GOOD, status: 404, code: 'not_found' },
      { why: 'two slashes', path: '/api//captures', raw: GOOD, status: 404, code: 'not_found' },
      { why: 'capitals', path: '/API/captures', raw: GOOD, status: 404, code: 'not_found' },
      { why: 'a semicolon', path: '/api/captures;x', raw: GOOD, status: 404, code: 'not_found' },
      { why: 'a path that climbs, encoded', path: '/api/%2e%2e%2foperator/v1/status', method: 'GET', status: 404, code: 'not_found' },
      { why: 'a code that is broken', path: '/api/captures/%zz', method: 'GET', status: 404, code: 'not_found' },
      { why: 'NUL in an id', path: '/api/captures/cap_%00', method: 'GET', status: 404, code: 'not_found' },
      { why: 'an id of another kind', path: '/api/captures/key_01ARZ3NDEKTSV4RRFFQ69G5FAV', method: 'GET', status: 404, code: 'not_found' },
      {
        why: 'an id of a statement',
        path: `/api/captures/${encodeURIComponent("' or 1=1--")}`,
        method: 'GET',
        status: 404,
        code: 'not_found',
      },
      { why: 'a long id', path: `/api/captures/${'a'.repeat(4000)}`, method: 'GET', status: 404, code: 'not_found' },
      { why: 'a status that there is not', path: '/api/captures?status=constructor', method: 'GET', status: 422, code: 'invalid_request' },
      { why: 'a limit twice', path: '/api/captures?limit=1&limit=2', method: 'GET', status: 422, code: 'invalid_request' },
      { why: 'the prototype as a parameter', path: '/api/captures?__proto__=x', method: 'GET', status: 422, code: 'invalid_request' },
      { why: 'the prototype as a tag', path: '/api/captures?tag.__proto__=x', method: 'GET', status: 422, code: 'invalid_request' },
      { why: 'NUL in a parameter', path: '/api/captures?reference=%00', method: 'GET', status: 422, code: 'invalid_request' },
      { why: 'a cursor of nobody', path: '/api/captures?cursor=Y2FwXw', method: 'GET', status: 422, code: 'invalid_request' },
      {
        why: 'a time in the year 0',
        path: '/api/captures?createdAfter=0000-01-01T00:00:00Z',
        method: 'GET',
        status: 422,
        code: 'invalid_request',
      },
    ],
  },
];
