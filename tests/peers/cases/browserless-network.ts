import type { PeerCase } from '../peer-case.ts';
import { bare, ONE, PDF } from './pages.ts';

const FILE = 'src/network-security.spec.ts';

/** Addresses inside the network, in the forms that browsers understand; none may be a target. */
const FORMS: readonly (readonly [line: number, name: string, url: string, says: string])[] = [
  [38, 'mapped', 'https://[::ffff:169.254.169.254]/latest', 'the metadata address, mapped into IPv6'],
  [38, 'mapped-hex', 'https://[::ffff:a9fe:a9fe]/', 'the same in hexadecimal'],
  [38, 'mapped-long', 'https://[0:0:0:0:0:ffff:169.254.169.254]/', 'the same written out'],
  [55, 'metadata', 'https://169.254.169.254/meta', 'the metadata address'],
  [55, 'link-local', 'https://169.254.0.1/', 'a link-local address'],
  [61, 'decimal', 'https://2852039166/', 'the metadata address as one number'],
  [61, 'hex', 'https://0xA9FEA9FE/', 'the same in hexadecimal'],
  [61, 'octal', 'https://0251.0376.0251.0376/', 'the same in octal'],
  [68, 'loopback', 'https://127.0.0.1/', 'loopback'],
  [68, 'loopback-short', 'https://127.1/', 'loopback with parts left out'],
  [68, 'loopback-6', 'https://[::1]/', 'loopback in IPv6'],
  [68, 'loopback-mapped', 'https://[::ffff:127.0.0.1]:3000/', 'loopback mapped into IPv6'],
  [81, 'unspecified', 'https://0.0.0.0:3000/', 'the unspecified address'],
  [81, 'unspecified-6', 'https://[::]:3000/', 'the unspecified address in IPv6'],
  [86, 'private', 'https://172.16.0.1/', 'the first private address of 172.16/12'],
  [86, 'private-last', 'https://172.31.255.255/', 'the last private address of 172.16/12'],
  [86, 'link-local-6', 'https://[fe80::1]/', 'a link-local address of IPv6'],
  [86, 'unique-local', 'https://[fc00::1]/', 'a unique local address of IPv6'],
  [94, 'smtp', 'smtp://internal/x', 'another scheme'],
  [94, 'ftp', 'ftp://internal/x', 'ftp'],
  [94, 'view-source', 'view-source:https://169.254.169.254/', 'view-source: around an address'],
  [113, 'userinfo', 'https://app.example.com@169.254.169.254/', 'a good name as user info before a bad host'],
  [122, 'unparseable', 'not-a-url', 'what cannot be parsed'],
  [122, 'empty', '', 'nothing at all'],
  [188, 'file', 'file:///etc/passwd', 'a local file'],
];

export const browserlessNetwork: readonly PeerCase[] = [
  ...FORMS.map(
    ([line, name, url, what]): PeerCase => ({
      id: `bl-net-${name}`,
      from: [FILE, line],
      says: `As a target is refused: ${what}`,
      request: { url },
      expect: { refused: { status: 422, code: 'invalid_target_url' } },
    }),
  ),
  {
    id: 'bl-net-localhost',
    from: [FILE, 68],
    says: 'localhost is refused unless it is allowed',
    request: { url: 'https://LOCALHOST/' },
    expect: { refused: { status: 403, code: 'domain_not_allowed' } },
  },
  {
    id: 'bl-net-port',
    from: [FILE, 136],
    says: 'A host that is allowed with one port is not allowed with another',
    request: { url: 'https://{host}:5432/' },
    expect: { refused: { status: 422, code: 'invalid_target_url' } },
  },
  {
    id: 'bl-net-allowed',
    from: [FILE, 136],
    says: 'With the port that is allowed the host is opened, although it is inside',
    page: ONE,
    request: { output: PDF },
    expect: { text: ['Page 1'] },
  },
  {
    id: 'bl-net-resource',
    from: [FILE, 199],
    says: 'A resource of the page at an address inside is blocked, and named in the result',
    page: bare('<p>the page</p><img src="https://169.254.169.254/latest"><img src="https://[::ffff:169.254.169.254]/">'),
    request: { output: PDF },
    expect: { text: ['the page'], blocked: ['169.254.169.254'] },
  },
  {
    id: 'bl-net-closed-name',
    from: [FILE, 68],
    says: 'A name below localhost is inside as well: as a resource it is blocked unless it was allowed',
    page: bare('<p>the page</p><img src="{closed}/x">'),
    request: { output: PDF },
    expect: { text: ['the page'], blocked: ['closed.localhost'], asked: { '/x': 0 } },
  },
];
