import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApi } from '../e2e/call-api.ts';
import { findPostgresBin } from '../services/start-postgres.ts';
import { blobNames, checkHealth, checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { postMany, startLoad } from './run-load.ts';
import { must, until } from './until.ts';
import { countWakeUps } from './wake-up-queue.ts';

const COUNT = { short: 6, full: 50 };
/** Between one program and the one that it waits for. */
const APART_MS = 4000;
const UP_MS_MAX = 60_000;

export const f18: Drill = {
  id: 'F18',
  title: 'Everything stopped, started in the worst order, on an older database',
  what: 'With captures running a dump is made, and more are posted. Then all programs are killed, the stores are away, and the dump is restored. Runners start first, then servers, then the broker is back, then the database. All come up by themselves; what the dump has ends; what is newer answers 404, its blobs are swept and its messages do not go round',
  isShort: false,
  run: async (bed, size) => {
    const [older, newer] = [startLoad(), startLoad()];
    await postMany(bed, older, COUNT[size], { delayMs: 3000 });
    const dump = join(bed.folder, 'older.dump');
    execFileSync(postgres('pg_dump'), ['--format=custom', `--file=${dump}`, bed.databaseUrl]);
    const [unfinished] = await query<{ n: number }>(
      bed,
      `select count(*)::int as n from capture where reference = $1 and status in ('queued', 'running')`,
      [older.reference],
    );
    must((unfinished?.n ?? 0) > 0, 'nothing was under way when the dump was made');
    await postMany(bed, newer, COUNT[size]);
    const stored = async () =>
      await query(bed, `select 1 from asset join capture on capture.id = capture_id where reference = $1`, [newer.reference]);
    await until('one of the newer captures is stored', async () => (await stored()).length > 0, 120_000);

    await Promise.all([...bed.servers, ...bed.runners].map((program) => program.now().stop('SIGKILL')));
    for (const store of [bed.stores.broker, bed.stores.database]) store.stop();
    execFileSync(postgres('pg_restore'), ['--clean', '--if-exists', '--exit-on-error', `--dbname=${bed.databaseUrl}`, dump]);
    const from = Date.now();
    const starting = [bed.runners.map((runner) => runner.start())];
    await sleep(APART_MS);
    starting.push(bed.servers.map((server) => server.start()));
    await sleep(APART_MS);
    bed.stores.broker.restart();
    await sleep(APART_MS);
    bed.stores.database.restart();
    const openedAt = Date.now();
    await Promise.all(starting.flat());
    await checkHealth(bed);
    const upMs = Date.now() - openedAt;
    must(upMs < UP_MS_MAX, `all was well only after ${upMs} ms`);

    const rows = await checkInvariants(bed, older);
    const api = createApi(bed.servers[0].url, bed.key);
    for (const id of newer.accepted.values()) {
      const { status } = await api.call('GET', `/api/captures/${id}`);
      must(status === 404, `a capture that the dump does not have answered ${status}`);
    }
    const names = await blobNames(bed);
    const left = [...newer.accepted.values()].filter((id) => names.some((name) => name.includes(id)));
    must(left.length === 0, `blobs of captures that there are not: ${left.join(', ')}`);
    await until('no message is left', async () => (await countWakeUps()) === 0, 60_000);
    return `${unfinished?.n} of ${rows.length} captures under way in the dump, all ${rows.length} succeeded; ${newer.accepted.size} newer ones answer 404, none of their blobs and no message left; well ${upMs} ms after the database was back, ${openedAt - from} ms after the runners started`;
  },
};

function postgres(program: string): string {
  return join(findPostgresBin() ?? '', program);
}
