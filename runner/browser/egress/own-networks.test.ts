import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { isListed, listNetworks } from '#shared/own-networks.ts';
import { isOnOwnNetwork } from './own-networks.ts';

const list = listNetworks([
  { address: '127.0.0.1', cidr: '127.0.0.1/8' },
  { address: '93.184.215.14', cidr: '93.184.215.14/26' },
  { address: '81.2.69.160', cidr: '81.2.69.160/0' },
  { address: '2a02:6b8:0:1::5', cidr: '2a02:6b8:0:1::5/64' },
  { address: '2001:4860:4860::8888', cidr: null },
  { address: 'fe80::1%eth0', cidr: 'fe80::1/64' },
]);

it.each([
  '127.0.0.1',
  '93.184.215.14',
  '93.184.215.60',
  '81.2.69.160',
  '2a02:6b8:0:1::5',
  '2a02:6b8:0:1:ffff::1',
  '2001:4860:4860::8888',
  'fe80::9',
])('knows %s as its own or its neighbor’s', (address) => expect(isListed(list, address)).toBe(true));

it.each(['93.184.215.64', '81.2.69.161', '8.8.8.8', '2a02:6b8:0:2::5', '2001:4860:4860::8844'])('knows %s as a stranger’s', (address) =>
  expect(isListed(list, address)).toBe(false),
);

it('reads the interfaces of this machine', () => {
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  expect(own.length).toBeGreaterThan(0);
  for (const { address } of own) expect([address, isOnOwnNetwork(address)]).toEqual([address, true]);
  expect(isOnOwnNetwork('93.184.215.14')).toBe(false);
});
