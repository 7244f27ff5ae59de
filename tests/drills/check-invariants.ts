import { createHash } from 'node:crypto';
import pg from 'pg';
import { PNG } from 'pngjs';
import { createAzureBlobStore } from '#server/adapters/azure-blob-store.ts';
import { openDatabase } from '#server/db/open-database.ts';
import { sweepOrphans } from '#server/domain/captures/expire-captures.ts';
import type { ProcessRecord } from '#server/embedded/process-record.ts';
import { LIMITS } from '#shared/limits.ts';
import { createLog } from '#shared/log.ts';
import { createApi, fetchAsset } from '../e2e/call-api.ts';
import { describeBlobs, dumpDatabase, readMessages } from '../e2e/canary-sinks.ts';
import { stillAlive } from './process-tree.ts';
import { hasCanary, type Load } from './run-load.ts';
import type { Bed } from './start-bed.ts';
import { must, until } from './until.ts';

export type Expected = {
  /** Processes of programs that were killed. */
  dead?: readonly ProcessRecord[];
  /** Codes with which captures of this load may fail; none unless said. */
  mayFail?: readonly string[];
  settleMs?: number;
};
export type Row = { id: string; status: string; code: string | null; attempts: number; codes: (string | null)[] };

const SETTLE_MS = 240_000;
const HEALTHY_MS = 60_000;

/** Asks the database itself, past servers and proxies. */
export async function query<T extends pg.QueryResultRow>(bed: Bed, sql: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: bed.databaseUrl });
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

export async function rowsOf(bed: Bed, load: Load): Promise<Row[]> {
  const sql = `select id, status, failure->>'code' as code, (select count(*)::int from attempt where capture_id = capture.id) as attempts,
    (select coalesce(jsonb_agg(code order by number), '[]') from attempt where capture_id = capture.id) as codes
    from capture where reference = $1 order by id`;
  return await query<Row>(bed, sql, [load.reference]);
}

/** Checks I1 to I8 for everything that a drill has sent. Rejects with the number of the first that does not hold. Answers the final rows. */
export async function checkInvariants(bed: Bed, load: Load, expected: Expected = {}): Promise<Row[]> {
  const isFinal = ({ status }: Row) => ['succeeded', 'failed', 'canceled'].includes(status);
  await until('I1: every accepted capture is final', async () => (await rowsOf(bed, load)).every(isFinal), expected.settleMs ?? SETTLE_MS);
  const rows = await rowsOf(bed, load);
  const failed = rows.filter(({ status, code }) => status !== 'succeeded' && !expected.mayFail?.includes(code ?? ''));
  must(failed.length === 0, `I1: ended otherwise than by success: ${JSON.stringify(failed.slice(0, 5))}`);
  const accepted = [...load.accepted.values()].sort();
  must(new Set(accepted).size === accepted.length, 'I4: two keys were given one id');
  const made = rows.map(({ id }) => id).sort();
  must(JSON.stringify(made) === JSON.stringify(accepted), `I4: ${made.length} captures were made, ${accepted.length} ids answered`);
  await checkResults(
    bed,
    rows.filter(({ status }) => status === 'succeeded').map(({ id }) => id),
  );
  const payloads = await query(bed, 'select capture_id from capture_payload where capture_id = any($1)', [made]);
  must(payloads.length === 0, `I5: ${payloads.length} sealed payloads are left`);
  await checkCanary(bed, load);
  await until(`I7: processes of dead programs are gone`, () => stillAlive(expected.dead ?? []).length === 0, 30_000);
  await checkHealth(bed);
  return rows;
}

/** I2, I3: the right bytes by a fresh link; one blob when the sweep of orphans has run, whose clock is put forward here. */
async function checkResults(bed: Bed, ids: readonly string[]): Promise<void> {
  const api = createApi(bed.servers[0].url, bed.key);
  for (const id of ids) {
    const { body } = await api.call('GET', `/api/captures/${id}`);
    const bytes = await fetchAsset(body);
    must(bytes.length === body.asset?.bytes, `I2: ${id} has ${bytes.length} bytes, ${body.asset?.bytes} were promised`);
    must(createHash('sha256').update(bytes).digest('hex') === body.asset?.sha256, `I2: ${id} has another checksum`);
    must(PNG.sync.read(bytes).width === body.asset?.width, `I2: ${id} has another width`);
  }
  await sweep(bed);
  const names = await blobNames(bed);
  const doubled = ids.filter((id) => names.filter((name) => name.includes(id)).length !== 1);
  must(doubled.length === 0, `I2: not exactly one blob: ${doubled.slice(0, 5).join(', ')}`);
  const results = await query<{ capture_id: string }>(
    bed,
    `select capture_id from attempt where capture_id = any($1) and outcome = 'completed' and code is null group by 1 having count(*) <> 1
     union all select capture_id from asset where capture_id = any($1) group by 1 having count(*) <> 1`,
    [ids],
  );
  must(results.length === 0, `I3: not exactly one result: ${results.map((row) => row.capture_id).join(', ')}`);
}

/** Sweeps orphans as a server does, an hour later. */
async function sweep(bed: Bed): Promise<void> {
  const { orm, db } = await openDatabase(bed.databaseUrl, { poolMax: 2 });
  try {
    const clock = { now: () => new Date(Date.now() + 2 * LIMITS.orphanBlobAgeMs) };
    await sweepOrphans({ db, blobs: createAzureBlobStore(bed.blobs), clock, log: createLog('drills', 'error') });
  } finally {
    await orm.close(true);
  }
}

/** Names of all blobs, those of lost attempts included. */
export async function blobNames(bed: Bed): Promise<string[]> {
  const names: string[] = [];
  for await (const blob of createAzureBlobStore(bed.blobs).list('')) names.push(blob.name);
  return names;
}

/** I6: the canary of the auth state is in no log, row, message, name of a blob or metric. */
async function checkCanary(bed: Bed, load: Load): Promise<void> {
  const metrics = await Promise.all(bed.servers.map(async ({ url }) => await (await fetch(`${url}/metrics`)).text()));
  const places: Record<string, string> = {
    logs: bed.output(),
    database: dumpDatabase(bed.databaseUrl),
    messages: (await readMessages()).join('\n'),
    blobs: (await describeBlobs(bed.blobs)).join('\n'),
    metrics: metrics.join('\n'),
  };
  const found = Object.keys(places).filter((place) => hasCanary(load, places[place] ?? ''));
  must(found.length === 0, `I6: the canary is in: ${found.join(', ')}`);
}

/** I8: both servers say that all is well, with nobody's help. */
export async function checkHealth(bed: Bed): Promise<void> {
  for (const { name, url } of bed.servers) {
    let last = '';
    const isWell = async () => {
      const answer = await fetch(`${url}/readyz`).catch(() => null); // it may be starting
      last = (await answer?.text()) ?? 'no answer';
      return answer?.ok === true && JSON.parse(last).status === 'ok';
    };
    await until(`I8: ${name} is well`, isWell, HEALTHY_MS).catch((error: Error) => {
      throw new Error(`${error.message}: ${last}`, { cause: error });
    });
  }
}
