import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { buildDemoApp } from './app.ts';
import { makeCertificate } from './certificate.ts';
import { readConfig } from './config.ts';
import { createSessions, randomUserName, toStorageState } from './sessions.ts';

// The demo app as a program of its own: `node demo/main.ts --data-dir DIR [--port N]`. It prints one JSON line when it
// is ready, and ends on SIGTERM or when its parent is gone (stdin closes), so that a killed parent leaves nothing.
const HOST = '127.0.0.1';

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2));
  const certificate = await makeCertificate();
  const caFile = join(config.dataDir, 'demo-ca.pem');
  const stateFile = join(config.dataDir, 'demo-auth.json');
  writeFileSync(caFile, certificate.caPem);
  const sessions = createSessions(join(config.dataDir, 'sessions.json'));
  const app = buildDemoApp({ sessions, delayMs: config.delayMs, tls: { cert: certificate.certificatePem, key: certificate.keyPem } });
  const port = await listen(app, config.port);
  const origin = `https://localhost:${port}`;
  const session = sessions.create(randomUserName());
  writeSecret(stateFile, JSON.stringify(toStorageState(session, origin)));
  process.stdout.write(`${JSON.stringify({ event: 'ready', origin, caFile, stateFile, user: session.user })}\n`);
  await parentGoneOrSignal();
  rmSync(stateFile, { force: true });
  await app.close();
}

/** Listens on the wanted port, or on any free one where that is taken: the parent reads the port from `ready`. */
async function listen(app: FastifyInstance, wanted: number): Promise<number> {
  const tryPort = async (port: number) => Number(new URL(await app.listen({ host: HOST, port })).port);
  try {
    return await tryPort(wanted);
  } catch (error) {
    if (wanted === 0 || !(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    return await tryPort(0);
  }
}

/** Writes a file that only its owner may read; an older one is replaced, since `mode` counts for new files only. */
function writeSecret(path: string, text: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode: 0o600 });
}

async function parentGoneOrSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    process.stdin
      .once('end', resolve)
      .once('error', () => resolve())
      .resume();
  });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(70);
  },
);
