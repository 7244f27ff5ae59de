import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findPort } from '#server/embedded/free-port.ts';
import { makeCertificate } from './make-certificate.ts';
import { listens, type ServiceProcess, startProcess, waitUntilReady } from './service-process.ts';

const READY_MS_MAX = 90_000;
const ACCOUNT = 'teststore';
/** As embedded mode and docker-compose.yml start it. */
const LOG_ACCESS = `--import=${new URL('../../server/embedded/log-access.ts', import.meta.url).href}`;

type Track = (service: ServiceProcess) => void;

/** Starts an Azurite with an account and key of its own, on loopback, over plain HTTP: the connection-string path. */
export async function startAzurite(folder: string, track: Track): Promise<{ connectionString: string; logFile: string }> {
  const key = randomBytes(32).toString('base64');
  const logFile = join(folder, 'service.log');
  const port = await start(folder, track, key, [], logFile);
  const endpoint = `http://127.0.0.1:${port}/${ACCOUNT}`;
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${key};BlobEndpoint=${endpoint};`;
  return { connectionString, logFile };
}

/**
 * Starts an Azurite that takes bearer tokens over HTTPS: the managed-identity path. It does not check a token's
 * signature, only its claims (`aud` https://storage.azure.com, `iss` https://sts.windows.net/<tenant>/).
 */
export async function startAzuriteHttps(folder: string, track: Track): Promise<{ url: string; certFile: string }> {
  const { certFile, keyFile } = await makeCertificate(folder);
  const port = await start(folder, track, randomBytes(32).toString('base64'), ['--oauth', 'basic', '--cert', certFile, '--key', keyFile]);
  return { url: `https://127.0.0.1:${port}/${ACCOUNT}`, certFile };
}

async function start(folder: string, track: Track, key: string, args: readonly string[], logFile?: string): Promise<number> {
  const port = await findPort();
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  // Azurite knows older API versions than the SDK sends, hence the flag (as in the embedded mode).
  const common = [
    '--blobHost',
    '127.0.0.1',
    '--blobPort',
    String(port),
    '--location',
    folder,
    '--disableTelemetry',
    '--skipApiVersionCheck',
  ];
  const service = startProcess('Azurite', process.execPath, [LOG_ACCESS, main, ...common, ...args], {
    cwd: folder,
    logFile,
    env: { HOME: folder, AZURITE_ACCOUNTS: `${ACCOUNT}:${key}` },
  });
  track(service);
  await waitUntilReady(service, () => listens(port), READY_MS_MAX);
  return port;
}
