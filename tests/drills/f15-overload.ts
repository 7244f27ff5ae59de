import { setTimeout as sleep } from 'node:timers/promises';
import { hashToken } from '#server/domain/access/token-hash.ts';
import { makeToken } from '#shared/api-key.ts';
import { makeId } from '#shared/ids.ts';
import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { captureOf, type Load, postMany, startLoad } from './run-load.ts';
import type { Bed } from './start-bed.ts';
import { must } from './until.ts';

const QUEUE_MAX = 12;
const FLOOD = { short: 120, full: 600 };
const SMALL = { short: 6, full: 30 };
/** Two rounds of all slots: two runners of two. */
const TURNS_MAX = 8;
const RETRY_AFTER_SECONDS_MAX = 120;

export const f15: Drill = {
  id: 'F15',
  title: 'Overload by one workspace',
  what: 'One workspace posts as fast as it can into a queue of 12, another one capture a second. The first is answered 429 and gets in when it comes as late as it was told; of the other none waits for more than two rounds of the slots; no 5xx. (Memory is not looked at.)',
  isShort: false,
  run: async (bed, size) => {
    await restartServers(bed, { SESSIONSHOT_QUEUE_MAX: String(QUEUE_MAX) });
    const small: Bed = { ...bed, key: await addWorkspace(bed) };
    const [flood, drops] = [startLoad(), startLoad()];
    await Promise.all([
      postMany(bed, flood, FLOOD[size], { perSecond: 1000 }),
      sleep(2000).then(() => postMany(small, drops, SMALL[size], { perSecond: 1 })),
    ]);
    const refused = flood.statuses['429'] ?? 0;
    must(refused > 0, `nothing was refused: ${JSON.stringify(flood.statuses)}`);
    const broken = Object.keys({ ...flood.statuses, ...drops.statuses }).filter((status) => Number(status) >= 500 || status === 'cut');
    must(broken.length === 0, `some were answered ${broken.join(', ')}`);
    await checkInvariants(bed, flood);
    await checkInvariants(small, drops);
    const turns = await mostTurnsBefore(bed, drops);
    must(turns <= TURNS_MAX, `one of the small workspace waited for ${turns} of the other`);
    const seconds = await obey(bed);
    await restartServers(bed, {});
    return `${refused} answers 429 to ${FLOOD[size]} captures, which all succeeded in the end; of the other ${SMALL[size]} none waited for more than ${turns} of them; 202 after the ${seconds} s that were asked for`;
  },
};

async function restartServers(bed: Bed, more: Record<string, string>): Promise<void> {
  for (const server of bed.servers) {
    await server.now().stop('SIGTERM');
    await server.start(more);
  }
}

/** A second workspace with the domains and a key like those of the first; answers the key. */
async function addWorkspace(bed: Bed): Promise<string> {
  const [id, key] = [makeId('workspace'), makeToken('apiKey')];
  await query(bed, 'insert into workspace (id, name, created_at) values ($1, $1, now())', [id]);
  const like = (table: string, more: string) =>
    `insert into ${table} select (jsonb_populate_record(${table}, jsonb_build_object('id', $1::text, 'workspace_id', $2::text) || ${more})).*
     from ${table} limit 1`;
  await query(bed, like('allowed_domain', `'{}'`), [makeId('allowedDomain'), id]);
  await query(bed, like('api_key', `jsonb_build_object('hash', $3::text, 'networks', null)`), [makeId('apiKey'), id, hashToken(key)]);
  return key;
}

/** How many captures of others were begun between the acceptance and the begin of one of this load, at most. */
async function mostTurnsBefore(bed: Bed, load: Load): Promise<number> {
  const [row] = await query<{ turns: number }>(
    bed,
    `select max((select count(*) from capture other where other.workspace_id <> capture.workspace_id
       and other.started_at between capture.created_at and capture.started_at))::int as turns from capture where reference = $1`,
    [load.reference],
  );
  return row?.turns ?? Number.POSITIVE_INFINITY;
}

/** Fills the queue until somebody is refused, comes again when he was told to, and answers after how many seconds that was. */
async function obey(bed: Bed): Promise<number> {
  const load = startLoad();
  const send = async (key: string) =>
    await fetch(`${bed.servers[0].url}/api/captures`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bed.key}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(captureOf(bed, load, 1000)),
      signal: AbortSignal.timeout(30_000),
    });
  const answers = await Promise.all(Array.from({ length: 3 * QUEUE_MAX }, (_, index) => send(`${load.reference}-${index}`)));
  const told = answers.find(({ status }) => status === 429)?.headers.get('retry-after');
  const seconds = Number(told ?? Number.NaN);
  must(seconds >= 1 && seconds <= RETRY_AFTER_SECONDS_MAX, `Retry-After was ${told}`);
  await sleep(seconds * 1000);
  const { status } = await send(`${load.reference}-again`);
  must(status === 202, `after ${seconds} s as told it was ${status}`);
  return seconds;
}
