import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { postMany, startLoad } from './run-load.ts';
import { must, until } from './until.ts';

export const x5: Drill = {
  id: 'X5',
  title: 'Runner credential used for what it is not for',
  what: 'While captures run, the token of one runner is tried at procedures of the console and the operator, at the API, at jobs of the other runner and, as a signature, at the list of blobs. Each is refused, the server’s are in the audit log, and the captures succeed',
  isShort: false,
  run: async (bed) => {
    const load = startLoad();
    const [thief, victim] = bed.runners;
    const posting = postMany(bed, load, 6, { delayMs: 3000 });
    const held = async () =>
      await query<{ id: string }>(
        bed,
        `select job.id from job join runner on runner.id = runner_id where job.state = 'leased' and runner.name = $1 limit 1`,
        [victim.name],
      );
    await until('the other runner has a job', async () => (await held()).length > 0, 60_000);
    const [job] = await held();
    const { url } = bed.servers[0];
    const tried: [string, number[], string, string, unknown?][] = [
      ['a key of the console', [401, 403], 'POST', '/trpc/keys.create', { name: 'x' }],
      ['the list of captures', [401, 403], 'GET', '/trpc/captures.list'],
      ['the operator', [403], 'GET', '/operator/v1/status'],
      ['the end of the server', [403], 'POST', '/operator/v1/stop'],
      ['the API', [401], 'GET', '/api/captures'],
      ['a capture by the API', [401], 'POST', '/api/captures', { url: 'https://example.com' }],
      ['the job of another', [409], 'POST', `/runner/v1/jobs/${job?.id}/release`, { leaseToken: 'x'.repeat(43) }],
    ];
    for (const [what, expected, method, path, body] of tried) {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${thief.token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      must(expected.includes(answer.status), `${what}: answered ${answer.status}`);
    }
    const endpoint = /BlobEndpoint=([^;]+)/.exec(bed.blobs.connectionString)?.[1];
    const list = await fetch(`${endpoint}/${bed.blobs.container}?restype=container&comp=list&sig=${encodeURIComponent(thief.token)}`);
    must(list.status >= 400 && list.status < 500, `the list of blobs answered ${list.status}`);
    await posting;
    const recorded = await query<{ n: number }>(
      bed,
      `select count(*)::int as n from audit_event where actor_kind = 'runner' and outcome = 'refused'
         and actor_id = (select id from runner where name = $1)`,
      [thief.name],
    );
    must((recorded[0]?.n ?? 0) >= tried.length, `${recorded[0]?.n} of ${tried.length} are in the audit log`);
    const rows = await checkInvariants(bed, load);
    return `${tried.length} calls and the list of blobs refused, ${recorded[0]?.n} entries in the audit log; ${rows.length} of ${rows.length} captures succeeded`;
  },
};
