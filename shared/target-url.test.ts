import { describe, expect, test } from 'vitest';
import { LIMITS } from './limits.ts';
import { isIpLiteral, parseTargetUrl, shownUrl } from './target-url.ts';

const ACCEPTED: readonly [raw: string, href: string, host: string, port: number][] = [
  ['https://app.example.com/reports/42', 'https://app.example.com/reports/42', 'app.example.com', 443],
  ['https://app.example.com', 'https://app.example.com/', 'app.example.com', 443],
  ['HTTPS://APP.Example.COM/A', 'https://app.example.com/A', 'app.example.com', 443],
  ['https://app.example.com:443/', 'https://app.example.com/', 'app.example.com', 443],
  ['https://app.example.com:8443/x', 'https://app.example.com:8443/x', 'app.example.com', 8443],
  ['https://app.example.com./x', 'https://app.example.com/x', 'app.example.com', 443],
  ['https://app.example.com?q=1#top', 'https://app.example.com/?q=1#top', 'app.example.com', 443],
  ['https://app.example.com/#/route?x=%20', 'https://app.example.com/#/route?x=%20', 'app.example.com', 443],
  ['https://app.example.com/a/../b', 'https://app.example.com/b', 'app.example.com', 443],
  ['https://app.example.com/@user', 'https://app.example.com/@user', 'app.example.com', 443],
  [
    'https://app.example.com/?next=https://user:pw@evil.example',
    'https://app.example.com/?next=https://user:pw@evil.example',
    'app.example.com',
    443,
  ],
  ['https://app.example.com/ü?ü=ß', 'https://app.example.com/%C3%BC?%C3%BC=%C3%9F', 'app.example.com', 443],
  ['https://bücher.example/', 'https://xn--bcher-kva.example/', 'xn--bcher-kva.example', 443],
  ['https://xn--bcher-kva.example/', 'https://xn--bcher-kva.example/', 'xn--bcher-kva.example', 443],
  ['https://exa%6dple.com/', 'https://example.com/', 'example.com', 443],
  ['https://localhost:4443/', 'https://localhost:4443/', 'localhost', 4443],
  ['https://a_b.example.com/', 'https://a_b.example.com/', 'a_b.example.com', 443],
  [`https://${'a'.repeat(63)}.example.com/`, `https://${'a'.repeat(63)}.example.com/`, `${'a'.repeat(63)}.example.com`, 443],
  // A name that only looks like an address stays a name.
  ['https://127.0.0.1.example.com/', 'https://127.0.0.1.example.com/', '127.0.0.1.example.com', 443],
  ['https://https://evil.example/', 'https://https//evil.example/', 'https', 443],
];

const REFUSED: readonly [raw: string, why: RegExp][] = [
  ['', /empty/],
  ['app.example.com', /must begin with https/],
  ['//app.example.com/', /must begin with https/],
  ['http://app.example.com/', /must begin with https/],
  ['HTTP://app.example.com/', /must begin with https/],
  ['ftp://app.example.com/', /must begin with https/],
  ['ws://app.example.com/', /must begin with https/],
  ['file:///etc/passwd', /must begin with https/],
  ['FILE:///etc/passwd', /must begin with https/],
  ['file:/etc/passwd', /must begin with https/],
  // CVE-2024-21544: a leading space or its code before the scheme passed the check and was then removed by the parser.
  [' file:///etc/passwd', /space/],
  ['%20file:///etc/passwd', /must begin with https/],
  [' https://app.example.com/', /space/],
  ['https://app.example.com/ ', /space/],
  // CVE-2024-21547: a backslash is a slash to the parser.
  ['file:\\\\/etc/passwd', /backslash/],
  ['https:\\\\app.example.com/', /backslash/],
  ['https://app.example.com\\@evil.example/', /backslash/],
  ['https://evil.example\\.app.example.com/', /backslash/],
  // CVE-2024-21549: a scheme around the scheme.
  ['view-source:file:///etc/passwd', /must begin with https/],
  ['view-source:https://app.example.com/', /must begin with https/],
  ['blob:https://app.example.com/1', /must begin with https/],
  ['javascript:alert(1)', /must begin with https/],
  ['data:text/html,<h1>x</h1>', /must begin with https/],
  ['about:blank', /must begin with https/],
  ['chrome://settings/', /must begin with https/],
  ['jar:https://app.example.com!/', /must begin with https/],
  // What the parser takes out in silence.
  ['ht\ntps://app.example.com/', /control character/],
  ['https://app.exa\tmple.com/', /control character/],
  ['https://app.example.com/\r\nX-Evil: 1', /control character/],
  ['https://app.example.com/\u0000', /control character/],
  ['https://app.example.com/\u007f', /control character/],
  ['https://app.example.com/\u2028', /control character/],
  ['https://app.example.com/\u2029', /control character/],
  ['https:app.example.com', /must begin with https/],
  ['https:/app.example.com', /must begin with https/],
  ['https:///app.example.com', /must begin with https/],
  ['https://', /must begin with https/],
  ['https://?q=1', /must begin with https/],
  ['https://#x', /must begin with https/],
  // User information.
  ['https://user@app.example.com/', /user name or password/],
  ['https://user:pw@app.example.com/', /user name or password/],
  ['https://:@app.example.com/', /user name or password/],
  ['https://@app.example.com/', /user name or password/],
  ['https://app.example.com@evil.example/', /user name or password/],
  ['https://app.example.com:443@evil.example/', /user name or password/],
  // Addresses, in every spelling that a parser turns into one.
  ['https://127.0.0.1/', /IP address/],
  ['https://127.0.0.1./', /IP address/],
  ['https://127.1/', /IP address/],
  ['https://0/', /IP address/],
  ['https://2130706433/', /IP address/],
  ['https://0x7f000001/', /IP address/],
  ['https://0x7f.0.0.1/', /IP address/],
  ['https://0177.0.0.1/', /IP address/],
  ['https://169.254.169.254/latest/meta-data', /IP address/],
  ['https://①②⑦.⓪.⓪.①/', /IP address/],
  ['https://127。0。0。1/', /IP address/],
  ['https://8.8.8.8/', /IP address/],
  ['https://[::1]/', /IP address/],
  ['https://[::ffff:127.0.0.1]/', /IP address/],
  ['https://[fd00:ec2::254]/', /IP address/],
  ['https://[2606:4700::1111]/', /IP address/],
  // Hosts that are none, though a URL parser takes them.
  ['https://*.example.com/', /character that host names cannot have/],
  ['https://app;x.example.com/', /character that host names cannot have/],
  ['https://{app}.example.com/', /character that host names cannot have/],
  ["https://app'.example.com/", /character that host names cannot have/],
  ['https://xn--.example.com/', /character that host names cannot have/],
  [`https://${'a.'.repeat(130)}example.com/`, /too long/],
  // Hosts that are none.
  ['https://app..example.com/', /empty or overlong label/],
  ['https://app.example.com../', /empty or overlong label/],
  ['https://./', /empty or overlong label/],
  [`https://${'a'.repeat(64)}.example.com/`, /empty or overlong label/],
  ['https://app.example.com:99999/', /cannot be parsed/],
  ['https://app.example.com:port/', /cannot be parsed/],
  ['https://exa mple.com/', /space/],
  ['https://exa%20mple.com/', /cannot be parsed/],
  ['https://exa%00mple.com/', /cannot be parsed/],
  ['https://exa<mple.com/', /cannot be parsed/],
  ['https://[::1/', /cannot be parsed/],
  ['https://1.2.3.4.5/', /cannot be parsed/],
  ['https://256.256.256.256/', /cannot be parsed/],
  ['https://a\u00a0b.example/', /cannot be parsed/],
  [`https://app.example.com/${'a'.repeat(LIMITS.urlCharsMax)}`, /longer than 2048/],
];

describe('parseTargetUrl', () => {
  test.each(ACCEPTED)('%s is a target', (raw, href, host, port) => {
    expect(parseTargetUrl(raw)).toEqual({
      ok: true,
      target: { href, origin: new URL(href).origin, host, port, path: new URL(href).pathname },
    });
  });

  test.each(REFUSED)('%j is refused', (raw, why) => {
    const result = parseTargetUrl(raw);
    expect(result).toEqual({ ok: false, message: expect.stringMatching(why) });
  });

  test('2,048 characters are the longest', () => {
    const base = 'https://app.example.com/';
    const longest = base + 'a'.repeat(LIMITS.urlCharsMax - base.length);
    expect(parseTargetUrl(longest).ok).toBe(true);
    expect(parseTargetUrl(`${longest}a`).ok).toBe(false);
  });

  test.each(ACCEPTED)('what was accepted is accepted again and means the same: %s', (raw) => {
    const first = parseTargetUrl(raw);
    if (!first.ok) throw new Error('refused');
    expect(parseTargetUrl(first.target.href)).toEqual(first);
  });
});

test('isIpLiteral knows what a parser yields', () => {
  expect(['127.0.0.1', '8.8.8.8.', '[::1]'].map(isIpLiteral)).toEqual([true, true, true]);
  expect(['localhost', '127.0.0.1.example.com', 'a1.2.3.4'].map(isIpLiteral)).toEqual([false, false, false]);
});

test.each([
  ['https://user:pw@app.example.com/a?token=secret#access_token=secret', 'https://app.example.com/a?…'],
  ['https://app.example.com:8443/a', 'https://app.example.com:8443/a'],
  ['https://app.example.com/#secret', 'https://app.example.com/'],
  ['not a URL', ''],
])('shownUrl shows %s as %s', (href, shown) => {
  expect(shownUrl(href)).toBe(shown);
});
