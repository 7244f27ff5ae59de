import { openDataDir } from '#server/embedded/data-dir.ts';
import { startEmbeddedBlobStore } from '#server/embedded/embedded-blob-store.ts';
import { startEmbeddedPostgres } from '#server/embedded/embedded-postgres.ts';
import { takeInstance } from '#server/embedded/instance.ts';

// A process that starts one embedded part, says so, and lives until it is killed: what a killed instance leaves behind.
const [part, folder] = process.argv.slice(2);
const dataDir = openDataDir(folder ?? '');
const starts: Record<string, () => Promise<{ pid: number; startStamp: string }>> = {
  postgres: () => startEmbeddedPostgres(dataDir),
  storage: () => startEmbeddedBlobStore(dataDir),
  instance: async () => {
    const instance = await takeInstance(dataDir.path, '127.0.0.1');
    instance.setAddress({ host: '127.0.0.1', port: 1, url: 'http://127.0.0.1:1' });
    return instance.record();
  },
};
const started = await starts[part ?? '']?.();
process.stdout.write(`${JSON.stringify({ pid: started?.pid, startStamp: started?.startStamp })}\n`);
setInterval(() => undefined, 60_000);
