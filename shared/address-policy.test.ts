import { expect, test } from 'vitest';
import { isPublicAddress } from './address-policy.ts';

const NOT_PUBLIC = [
  // Unspecified, loopback, private, carrier-grade NAT, link-local
  ...['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.255.255.254', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  ...['100.64.0.1', '100.127.255.255', '169.254.0.1', '169.254.169.254', '168.63.129.16'],
  // Reserved: protocol assignments, documentation, AS112, 6to4 relays, benchmarks, multicast, class E, broadcast
  ...[
    '192.0.0.1',
    '192.0.0.170',
    '192.0.2.1',
    '192.31.196.1',
    '192.52.193.1',
    '192.88.99.1',
    '192.175.48.1',
    '198.18.0.1',
    '198.19.255.255',
  ],
  ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255'],
  // IPv6: unspecified, loopback, compatible, mapped in both spellings, NAT64 (well-known and local)
  ...[
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1::1',
  ],
  // Discard, Teredo, ORCHID, documentation, 6to4, AS112, unique local, link-local, site-local, multicast
  ...[
    '100::1',
    '2001::1',
    '2001:20::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2620:4f:8000::1',
    '3fff::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
  ],
  ...['fec0::1', 'ff02::1', '4000::1', 'fe80::1%eth0', '2606:4700::1111%eth0'],
  // No addresses at all
  ...['', 'localhost', '127.1', '0x7f.0.0.1', '2130706433', '[::1]', '1.2.3.4.5', '1.2.3', ' 8.8.8.8', '8.8.8.8 ', '8.8.8.8/32'],
];

const PUBLIC = [
  ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.1', '100.63.255.255', '100.128.0.1', '126.255.255.255', '128.0.0.1', '168.63.129.15'],
  ...['169.253.255.255', '169.255.0.1', '172.15.255.255', '172.32.0.1', '192.167.255.255', '192.169.0.1', '223.255.255.255'],
  ...['2001:4860:4860::8888', '2606:4700:4700::1111', '2a00:1450:4001:80b::200e', '2001:200::1'],
];

test.each(NOT_PUBLIC)('%j may not be reached', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each(PUBLIC)('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});
