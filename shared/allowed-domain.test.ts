import { describe, expect, test } from 'vitest';
import {
  type AllowedDomain,
  coversSubtree,
  isPublicSuffix,
  matchAllowedDomain,
  matchesHost,
  parseAllowedDomain,
} from './allowed-domain.ts';

const PUBLIC: readonly [raw: string, host: string, port: number | null][] = [
  ['app.example.com', 'app.example.com', null],
  ['example.com', 'example.com', null],
  ['*.example.com', '*.example.com', null],
  ['*.app.example.com', '*.app.example.com', null],
  ['APP.Example.COM', 'app.example.com', null],
  ['  app.example.com  ', 'app.example.com', null],
  ['app.example.com.', 'app.example.com', null],
  ['app.example.com:443', 'app.example.com', null],
  ['app.example.com:8443', 'app.example.com', 8443],
  ['*.example.com:443', '*.example.com', null],
  ['bücher.example.com', 'xn--bcher-kva.example.com', null],
  ['me.github.io', 'me.github.io', null],
  ['*.me.github.io', '*.me.github.io', null],
  ['shop.example.co.uk', 'shop.example.co.uk', null],
  ['*.example.co.uk', '*.example.co.uk', null],
  ['a_b.example.com', 'a_b.example.com', null],
  ['my-app.azurewebsites.net', 'my-app.azurewebsites.net', null],
];

const REFUSED: readonly [raw: string, why: RegExp][] = [
  ['', /Give a host/],
  ['*', /wildcard stands only at the front/],
  ['*.', /Give a host|wildcard|valid host/],
  ['**.example.com', /wildcard stands only at the front/],
  ['*.*.example.com', /wildcard stands only at the front/],
  ['app.*.example.com', /wildcard stands only at the front/],
  ['app*.example.com', /wildcard stands only at the front/],
  ['*example.com', /wildcard stands only at the front/],
  ['*.com', /public suffix/],
  ['*.co.uk', /public suffix/],
  ['*.github.io', /public suffix/],
  ['*.azurewebsites.net', /public suffix/],
  ['*.blob.core.windows.net', /public suffix/],
  ['*.amazonaws.com', /public suffixes below it/],
  ['*.windows.net', /public suffixes below it/],
  ['*.core.windows.net', /public suffixes below it/],
  ['com', /public suffix/],
  ['co.uk', /public suffix/],
  ['github.io', /public suffix/],
  ['https://app.example.com', /without https/],
  ['http://app.example.com', /without https/],
  ['app.example.com/path', /without a path/],
  ['app.example.com?q', /without a path/],
  ['app.example.com#x', /without a path/],
  ['user@app.example.com', /without a path, user/],
  ['app example.com', /spaces/],
  ['app\\example.com', /without a path/],
  ['app.example.com:0', /port/],
  ['app.example.com:65536', /port/],
  ['app.example.com:http', /valid host/],
  ['app.example.com:', /valid port/],
  ['app.example.com:8443:443', /valid port/],
  ['*.example.com:8443', /wildcard entry cannot name a port/],
  ['127.0.0.1', /IP addresses/],
  ['127.1', /IP addresses/],
  ['2130706433', /IP addresses/],
  ['0x7f.1', /IP addresses/],
  ['8.8.8.8', /IP addresses/],
  ['[::1]', /IP addresses/],
  ['::1', /valid host/],
  ['[::ffff:127.0.0.1]', /IP addresses/],
  ['localhost', /operator can add it with --private/],
  ['app.localhost', /operator can add it with --private/],
  ['intranet', /operator can add it with --private/],
  ['wiki.corp', /operator can add it with --private/],
  ['wiki.internal', /operator can add it with --private/],
  ['-app.example.com', /valid host/],
  ['app-.example.com', /valid host/],
  ['app..example.com', /valid host/],
  ['.example.com', /valid host/],
  [`${'a'.repeat(64)}.example.com`, /valid host/],
  ['exa<mple.com', /valid host/],
];

describe('parseAllowedDomain', () => {
  test.each(PUBLIC)('%s is %s', (raw, host, port) => {
    expect(parseAllowedDomain(raw)).toEqual({ ok: true, domain: { host, port, isPrivate: false } });
  });

  test.each(REFUSED)('%j is refused', (raw, why) => {
    expect(parseAllowedDomain(raw)).toEqual({ ok: false, message: expect.stringMatching(why) });
  });

  test.each([
    ['localhost:4443', 'localhost', 4443],
    ['app.localhost', 'app.localhost', null],
    ['*.localhost:4443', '*.localhost', 4443],
    ['intranet', 'intranet', null],
    ['wiki.corp:8443', 'wiki.corp', 8443],
    ['app.example.com', 'app.example.com', null],
  ])('an operator may add %s as private', (raw, host, port) => {
    expect(parseAllowedDomain(raw, true)).toEqual({ ok: true, domain: { host, port, isPrivate: true } });
  });

  test.each(['127.0.0.1', '10.0.0.1:8443', '[::1]', '*.com', 'com', 'https://intranet', '*'])('%s is refused even as private', (raw) => {
    expect(parseAllowedDomain(raw, true).ok).toBe(false);
  });
});

const list = (...entries: string[]): AllowedDomain[] =>
  entries.map((entry) => {
    const result = parseAllowedDomain(entry, true);
    if (!result.ok) throw new Error(result.message);
    return result.domain;
  });

describe('matching', () => {
  test.each([
    ['app.example.com', 'app.example.com', true],
    ['app.example.com', 'www.app.example.com', false],
    ['app.example.com', 'example.com', false],
    ['app.example.com', 'evilapp.example.com', false],
    ['*.example.com', 'app.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'evilexample.com', false],
    ['*.example.com', 'app.example.com.evil.test', false],
    ['*.example.com', '.example.com', false],
  ])('%s against %s: %s', (pattern, host, expected) => {
    expect(matchesHost(pattern, host)).toBe(expected);
  });

  test.each([
    ['app.example.com', 443, 'app.example.com'],
    ['app.example.com', 8443, undefined],
    ['api.example.com', 8443, 'api.example.com'],
    ['api.example.com', 443, undefined],
    ['a.example.org', 443, '*.example.org'],
    ['a.example.org', 8443, undefined],
    ['other.test', 443, undefined],
  ])('%s:%i is allowed by %s', (host, port, entry) => {
    const domains = list('app.example.com', 'api.example.com:8443', '*.example.org');
    expect(matchAllowedDomain(domains, host, port)?.host).toBe(entry);
  });

  test('an empty list allows nothing', () => {
    expect(matchAllowedDomain([], 'app.example.com')).toBeUndefined();
  });

  test.each([
    ['*.example.com', 'example.com', true],
    ['*.example.com', 'app.example.com', true],
    ['*.app.example.com', 'example.com', false],
    ['example.com', 'example.com', false],
    ['*.example.com', 'evilexample.com', false],
  ])('%s covers every host below %s: %s', (entry, base, expected) => {
    expect(coversSubtree(list(entry), base)).toBe(expected);
  });

  test('a public suffix is told from a name that somebody owns', () => {
    expect(['com', 'co.uk', 'github.io', 'azurewebsites.net'].map(isPublicSuffix)).toEqual([true, true, true, true]);
    expect(['example.com', 'me.github.io', 'localhost', 'intranet.corp'].map(isPublicSuffix)).toEqual([false, false, false, false]);
  });
});
