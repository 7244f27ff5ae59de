// The certificate library resolves its providers through decorator metadata and refuses to load without the polyfill.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const LIFE_MS = 30 * 24 * 60 * 60 * 1000;
const SKEW_MS = 5 * 60 * 1000;

export type DemoCertificate = { caPem: string; certificatePem: string; keyPem: string };

/**
 * Makes a private CA and, signed by it, a certificate for `localhost` alone, valid for 30 days. The CA's key is dropped
 * on return: nothing can ever be signed by it again, so trusting the CA is trusting this one certificate.
 */
export async function makeCertificate(): Promise<DemoCertificate> {
  x509.cryptoProvider.set(crypto);
  const usages = ['sign', 'verify'] as const;
  const caKeys = await crypto.subtle.generateKey(ALGORITHM, true, [...usages]);
  const leafKeys = await crypto.subtle.generateKey(ALGORITHM, true, [...usages]);
  const validity = { notBefore: new Date(Date.now() - SKEW_MS), notAfter: new Date(Date.now() + LIFE_MS) };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=Larkspur demo CA',
    ...validity,
    signingAlgorithm: ALGORITHM,
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: 'CN=localhost',
    issuer: ca.subject,
    ...validity,
    signingAlgorithm: ALGORITHM,
    publicKey: leafKeys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }]),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const key = await crypto.subtle.exportKey('pkcs8', leafKeys.privateKey);
  return { caPem: ca.toString('pem'), certificatePem: leaf.toString('pem'), keyPem: x509.PemConverter.encode(key, 'PRIVATE KEY') };
}

/** 15 random bytes with the top bit clear: a serial number must be positive and at most 20 bytes. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(15));
  return `01${Buffer.from(bytes).toString('hex')}`;
}
