import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { AccessToken, TokenCredential } from '@azure/identity';
import { serviceAddress } from './service-address.ts';

/** The options of a blob store on the run's Azurite, with a container name that no other test uses. */
export function testBlobContainer(): { connectionString: string; container: string } {
  return { connectionString: serviceAddress('SESSIONSHOT_TEST_BLOB_CONNECTION_STRING'), container: containerName() };
}

/**
 * The same by managed identity: HTTPS, a bearer token, no account key. From this call on, this process trusts the
 * certificate of the run's second Azurite.
 */
export function testIdentityContainer(): { accountUrl: string; credential: TokenCredential; container: string } {
  const ca = readFileSync(serviceAddress('SESSIONSHOT_TEST_BLOB_HTTPS_CA_FILE'), 'utf8');
  setDefaultCACertificates([...getCACertificates('default'), ca]);
  return {
    accountUrl: serviceAddress('SESSIONSHOT_TEST_BLOB_HTTPS_URL'),
    credential: { getToken: madeUpToken },
    container: containerName(),
  };
}

function containerName(): string {
  return `test-${randomBytes(8).toString('hex')}`;
}

/** Azurite's `--oauth basic` reads the claims of a token and does not check its signature. */
async function madeUpToken(): Promise<AccessToken> {
  const now = Math.floor(Date.now() / 1000);
  const tenant = '00000000-0000-4000-8000-000000000001';
  const claims = {
    aud: 'https://storage.azure.com',
    iss: `https://sts.windows.net/${tenant}/`,
    iat: now - 60,
    nbf: now - 60,
    exp: now + 3600,
    oid: '00000000-0000-4000-8000-000000000002',
    tid: tenant,
  };
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return { token: `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`, expiresOnTimestamp: (now + 3600) * 1000 };
}
