import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeCertificate } from './certificate.ts';

test('the certificate is good for localhost alone and signed by its own CA, which is new each time', async () => {
  const [first, second] = [await makeCertificate(), await makeCertificate()];
  const [ca, leaf] = [new X509Certificate(first.caPem), new X509Certificate(first.certificatePem)];
  expect(leaf.verify(ca.publicKey)).toBe(true);
  expect(leaf.checkHost('localhost')).toBe('localhost');
  expect(leaf.checkHost('example.com')).toBeUndefined();
  expect([ca.ca, leaf.ca]).toEqual([true, false]);
  expect(leaf.verify(new X509Certificate(second.caPem).publicKey)).toBe(false);
});
