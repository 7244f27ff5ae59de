import { expect, test } from 'vitest';
import { countedAddress } from './counted-address.ts';

/** What is counted together stands in one row, under the name that it is counted by. */
const TOGETHER: Record<string, readonly string[]> = {
  '203.0.113.7': [
    '203.0.113.7',
    '203.0.113.7:51234',
    '::ffff:203.0.113.7',
    '::FFFF:203.0.113.7',
    '::ffff:cb00:7107',
    '64:ff9b::203.0.113.7',
  ],
  '203.0.113.8': ['203.0.113.8', '0:0:0:0:0:ffff:cb00:7108'],
  '127.0.0.1': ['127.0.0.1', '::ffff:127.0.0.1'],
  '2001:db8:1:2::/64': [
    '2001:db8:1:2::1',
    '2001:0db8:0001:0002:0000:0000:0000:0001',
    '2001:DB8:1:2:ffff:ffff:ffff:ffff',
    '2001:db8:1:2:3:4:203.0.113.7',
    '[2001:db8:1:2::5]:443',
    '2001:db8:1:2::',
  ],
  '2001:db8:1:3::/64': ['2001:db8:1:3::1'],
  '2001:db8:0:0::/64': ['2001:db8::1', '2001:db8::ffff:203.0.113.7'],
  '0:0:0:0::/64': ['::1', '::', '::1%lo'],
  'fe80:0:0:0::/64': ['fe80::1', 'fe80::1%eth0', 'fe80::abcd%en0'],
  '1:2:3:4::/64': ['1:2:3:4:5:6:7:8', '1:2:3:4:5::'],
};

for (const [counted, addresses] of Object.entries(TOGETHER))
  for (const address of addresses)
    test(`${address} is counted by ${counted}`, () => {
      expect(countedAddress(address)).toBe(counted);
    });

test('what is no address is counted as it is', () => {
  for (const text of ['', 'unknown', '203.0.113', '203.0.113.999', '1::2::3', 'fe80', '[unknown]:1', '203.0.113.7/24', '%'])
    expect(countedAddress(text)).toBe(text);
});
