import { expect, test } from 'vitest';
import { addressFault, isInRanges } from './address-list.ts';

test('addresses and ranges are taken, anything else is explained', () => {
  for (const fine of ['203.0.113.7', '203.0.113.0/24', '0.0.0.0/0', '2001:db8::/32', '::1']) expect(addressFault(fine)).toBeNull();
  for (const wrong of ['', 'x', '300.1.1.1', '203.0.113.0/33', '203.0.113.0/', '::/129', '203.0.113.0/24/1', '203.0.113.0/-1'])
    expect(addressFault(wrong)).not.toBeNull();
});

test('an address lies in its ranges alone, whichever way it is written', () => {
  const ranges = ['203.0.113.0/24', '2001:db8::/32', '198.51.100.7'];
  for (const inside of ['203.0.113.255', '::ffff:203.0.113.1', '2001:db8:1::1', '198.51.100.7'])
    expect(isInRanges(ranges, inside)).toBe(true);
  for (const outside of ['203.0.112.1', '2001:db9::1', '198.51.100.8', '::ffff:198.51.100.8', 'unknown', ''])
    expect(isInRanges(ranges, outside)).toBe(false);
  expect(isInRanges(['0.0.0.0/0'], '2001:db8::1')).toBe(false);
});
