import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { normalizeHost, type Reach, type Resolve } from '#shared/egress-policy.ts';
import { LIMITS } from '#shared/limits.ts';
import { decideEgress } from './egress-policy.ts';

const PUBLIC = '93.184.215.14';
const domains: AllowedDomain[] = [
  { host: 'app.example.com', port: null, isPrivate: false },
  { host: 'ports.example.com', port: 8443, isPrivate: false },
  { host: 'intra.corp.internal', port: 9443, isPrivate: true },
  { host: '*.lab.internal', port: null, isPrivate: true },
  { host: 'localhost', port: 4443, isPrivate: true },
  { host: '*.localhost', port: 4444, isPrivate: true },
];
const reach: Reach = { domains, parts: null };
const names: Record<string, string[]> = {
  'app.example.com': [PUBLIC, '2606:2800:21f:cb07:6820:80da:af6b:8b2c'],
  'ports.example.com': [PUBLIC],
  'cdn.other.test': [PUBLIC],
  'mixed.other.test': [PUBLIC, '10.0.0.1'],
  'loop.other.test': ['127.0.0.1'],
  'mapped.other.test': ['::ffff:127.0.0.1'],
  'metadata.other.test': ['169.254.169.254'],
  'wireserver.other.test': ['168.63.129.16'],
  'intra.corp.internal': ['10.1.2.3'],
  'a.lab.internal': ['192.168.1.4'],
  'meta.lab.internal': ['169.254.169.254'],
  'meta6.lab.internal': ['fd00:ec2::254'],
  'mapped.lab.internal': ['::ffff:169.254.169.254'],
  'google.lab.internal': ['fd20:ce::254'],
  'oracle.lab.internal': ['fd00:c1::a9fe:a9fe'],
  'pods.lab.internal': ['fd00:ec2::23'],
  'alibaba.lab.internal': ['fd00:100::100:200'],
  'inside6.lab.internal': ['fd00:1::5'],
};
const resolve: Resolve = async (host) => names[host] ?? Promise.reject(new Error('ENOTFOUND'));

afterEach(() => void vi.useRealTimers());

describe('the way out', () => {
  it.each([
    ['connect', 'app.example.com', 443],
    ['connect', 'APP.example.com.', 443],
    ['connect', 'cdn.other.test', 443],
    ['connect', 'ports.example.com', 8443],
    ['plain', 'cdn.other.test', 80],
    ['connect', PUBLIC, 443],
    ['connect', 'intra.corp.internal', 9443],
    ['connect', 'a.lab.internal', 443],
    ['connect', 'inside6.lab.internal', 443],
  ] as const)('lets %s to %s:%i pass', async (kind, host, port) => {
    expect(await decideEgress(reach, { kind, host, port }, resolve)).toMatchObject({ ok: true });
  });

  it.each([
    ['connect', 'cdn.other.test', 8443, 'port not allowed'],
    ['connect', 'cdn.other.test', 22, 'port not allowed'],
    ['connect', 'cdn.other.test', 80, 'port not allowed'],
    ['plain', 'cdn.other.test', 8080, 'port not allowed'],
    ['plain', 'ports.example.com', 8443, 'port not allowed'],
    ['connect', 'mixed.other.test', 443, 'private address'],
    ['connect', 'loop.other.test', 443, 'private address'],
    ['connect', 'mapped.other.test', 443, 'private address'],
    ['connect', 'metadata.other.test', 443, 'private address'],
    ['connect', 'wireserver.other.test', 443, 'private address'],
    ['plain', 'metadata.other.test', 80, 'private address'],
    ['connect', '127.0.0.1', 443, 'private address'],
    ['connect', '[::1]', 443, 'private address'],
    ['connect', '[::ffff:127.0.0.1]', 443, 'private address'],
    ['connect', '[fe80::1]', 443, 'private address'],
    ['connect', 'localhost', 443, 'private address'],
    ['connect', 'any.localhost', 443, 'private address'],
    ['plain', 'localhost', 80, 'private address'],
    ['connect', 'intra.corp.internal', 443, 'private address'],
    ['connect', 'meta.lab.internal', 443, 'private address'],
    ['connect', 'meta6.lab.internal', 443, 'private address'],
    ['connect', 'mapped.lab.internal', 443, 'private address'],
    ['connect', 'google.lab.internal', 443, 'private address'],
    ['connect', 'oracle.lab.internal', 443, 'private address'],
    ['connect', 'pods.lab.internal', 443, 'private address'],
    ['connect', 'alibaba.lab.internal', 443, 'private address'],
    ['connect', 'nowhere.other.test', 443, 'name not found'],
    ['connect', '2130706433', 443, 'malformed host'],
    ['connect', '0x7f.1', 443, 'malformed host'],
    ['connect', 'a b', 443, 'malformed host'],
  ] as const)('refuses %s to %s:%i as "%s"', async (kind, host, port, reason) => {
    expect(await decideEgress(reach, { kind, host, port }, resolve)).toEqual({ ok: false, reason });
  });

  it('pins localhost and its sub-names to the loopback address without asking anybody', async () => {
    const never: Resolve = () => Promise.reject(new Error('was asked'));
    expect(await decideEgress(reach, { kind: 'connect', host: 'localhost', port: 4443 }, never)).toEqual({
      ok: true,
      addresses: ['127.0.0.1'],
    });
    expect(await decideEgress(reach, { kind: 'connect', host: 'tenant.localhost', port: 4444 }, never)).toEqual({
      ok: true,
      addresses: ['127.0.0.1'],
    });
    expect(await decideEgress(reach, { kind: 'connect', host: 'localhost', port: 4445 }, never)).toEqual({
      ok: false,
      reason: 'port not allowed',
    });
  });

  it('refuses a public address that is this machine’s own or a neighbor’s, unless an operator has listed it', async () => {
    const isOwn = (address: string) => address === PUBLIC;
    const wanted = { kind: 'connect', host: 'app.example.com', port: 443 } as const;
    expect(await decideEgress(reach, wanted, resolve, isOwn)).toEqual({ ok: false, reason: 'private address' });
    expect(await decideEgress(reach, { ...wanted, host: PUBLIC }, resolve, isOwn)).toEqual({ ok: false, reason: 'private address' });
    const listed = [{ host: 'app.example.com', port: null, isPrivate: true }];
    expect(await decideEgress({ domains: listed, parts: null }, wanted, resolve, isOwn)).toMatchObject({ ok: true });
  });

  it('decides each connection anew, so that a name that rebinds to the inside is refused', async () => {
    const answers = [[PUBLIC], ['127.0.0.1']];
    const rebinding: Resolve = async () => answers.shift() ?? [];
    const wanted = { kind: 'connect', host: 'rebind.other.test', port: 443 } as const;
    expect(await decideEgress(reach, wanted, rebinding)).toEqual({ ok: true, addresses: [PUBLIC] });
    expect(await decideEgress(reach, wanted, rebinding)).toEqual({ ok: false, reason: 'private address' });
  });

  it('waits for a resolver that never answers no longer than it may, and says so', async () => {
    vi.useFakeTimers();
    let decided: unknown = 'not yet';
    const silent: Resolve = () => new Promise(() => undefined);
    const deciding = decideEgress(reach, { kind: 'connect', host: 'silent.other.test', port: 443 }, silent).then((decision) => {
      decided = decision;
    });
    await vi.advanceTimersByTimeAsync(LIMITS.dnsMsMax - 1);
    expect(decided).toBe('not yet');
    await vi.advanceTimersByTimeAsync(1);
    await deciding;
    expect(decided).toEqual({ ok: false, reason: 'look-up timed out' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives at most eight addresses to try, after all of them were judged', async () => {
    const many = Array.from({ length: 30 }, (_, i) => `93.184.215.${i + 1}`);
    expect(await decideEgress(reach, { kind: 'connect', host: 'many.test', port: 443 }, async () => many)).toEqual({
      ok: true,
      addresses: many.slice(0, 8),
    });
    expect(await decideEgress(reach, { kind: 'connect', host: 'many.test', port: 443 }, async () => [...many, '10.0.0.1'])).toEqual({
      ok: false,
      reason: 'private address',
    });
  });

  describe('in strict egress', () => {
    const strict: Reach = {
      domains,
      parts: [
        { host: '*.cdn.test', port: null, isPrivate: false },
        { host: 'images.other.test', port: 80, isPrivate: false },
      ],
    };
    const never: Resolve = () => Promise.reject(new Error('was asked'));

    it.each([
      ['connect', 'app.example.com', 443],
      ['connect', 'ports.example.com', 8443],
      ['connect', 'a.cdn.test', 443],
      ['plain', 'images.other.test', 80],
      ['connect', 'intra.corp.internal', 9443],
    ] as const)('lets %s to %s:%i pass', async (kind, host, port) => {
      const known: Resolve = async (name) => names[name] ?? [PUBLIC];
      expect(await decideEgress(strict, { kind, host, port }, known)).toMatchObject({ ok: true });
    });

    it.each([
      ['connect', 'cdn.other.test', 443, 'not listed'],
      ['plain', 'cdn.other.test', 80, 'not listed'],
      ['connect', 'cdn.test', 443, 'not listed'],
      ['connect', PUBLIC, 443, 'not listed'],
      ['connect', 'localhost.', 443, 'port not allowed'],
      ['connect', 'ports.example.com', 443, 'port not allowed'],
      ['plain', 'app.example.com', 80, 'port not allowed'],
      ['connect', 'a b', 443, 'malformed host'],
    ] as const)('refuses %s to %s:%i as "%s", and asks nobody', async (kind, host, port, reason) => {
      expect(await decideEgress(strict, { kind, host, port }, never)).toEqual({ ok: false, reason });
    });

    it('judges the addresses of what is listed as ever', async () => {
      const inside: Resolve = async () => ['10.0.0.1'];
      expect(await decideEgress(strict, { kind: 'connect', host: 'a.cdn.test', port: 443 }, inside)).toEqual({
        ok: false,
        reason: 'private address',
      });
    });
  });

  it('compares hosts in one form', () => {
    expect(normalizeHost('[2606:2800::1]')).toBe('2606:2800::1');
    expect(normalizeHost('Example.COM.')).toBe('example.com');
    expect(normalizeHost('[fe80::1%eth0]')).toBeNull();
    expect(normalizeHost('a..b')).toBeNull();
  });
});
