import { Webhook } from 'standardwebhooks';
import { startWebhookReceiver } from '../services/webhook-receiver.ts';
import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { post, startLoad } from './run-load.ts';
import type { Bed } from './start-bed.ts';
import { must, until } from './until.ts';

const FAILURES = 3;
type Row = { id: string; state: string; tries: number; gap_s: number };

export const f17: Drill = {
  id: 'F17',
  title: 'Webhook receiver fails, hangs; server killed between send and record',
  what: 'After a capture the receiver answers 500 three times, then hangs, then 204; both servers are killed while it hangs. Delivered by the same `webhook-id` each time, with a valid signature; the gaps grow; captures go on while it hangs. The gaps are not waited for: each is read, then the try is made due',
  isShort: false,
  run: async (bed) => {
    const load = startLoad();
    const receiver = await startWebhookReceiver(['localhost'], bed.authority);
    receiver.answer((_, before) => (before < FAILURES ? { status: 500 } : before === FAILURES ? 'hang' : { status: 204 }));
    try {
      await bed.cli('domains', 'add', `localhost:${receiver.port}`, '--private', '--json');
      const secret = await addEndpoint(bed, `${receiver.origin}/in`);
      await post(bed, load, `${load.reference}-told`);
      const gaps: number[] = [];
      for (let tries = 1; tries <= FAILURES; tries++) {
        await until(`try ${tries} is recorded`, async () => (await row(bed)).tries === tries && !(await isRunning(bed)), 60_000);
        gaps.push((await row(bed)).gap_s);
        await query(bed, `update webhook_delivery set next_try_at = now() where state = 'pending'`);
      }
      await until('the receiver hangs', () => receiver.received.length === FAILURES + 1, 60_000);
      await post(bed, load, `${load.reference}-meanwhile`);
      await Promise.all(bed.servers.map((server) => server.now().stop('SIGKILL')));
      must((await row(bed)).state === 'pending', 'what was cut is not pending');
      await bed.mend();
      await until('it is delivered', async () => (await row(bed)).state === 'delivered', 120_000);
      must(
        gaps.every((gap, index) => index === 0 || gap > (gaps[index - 1] ?? 0)),
        `the gaps do not grow: ${gaps.join(', ')} s`,
      );
      const told = receiver.received.filter(({ body }) => body === receiver.received[0]?.body);
      const ids = new Set(told.map(({ headers }) => headers['webhook-id']));
      must(ids.size === 1 && told.length >= FAILURES + 2, `${told.length} tries by ${ids.size} ids`);
      for (const { body, headers } of receiver.received)
        new Webhook(secret).verify(body, Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])));
      const rows = await checkInvariants(bed, load);
      return `${told.length} tries by one id, all signed, planned ${gaps.join(' s, ')} s after each other; delivered after the kill; ${rows.length} of ${rows.length} captures succeeded`;
    } finally {
      await receiver.close();
    }
  },
};

async function addEndpoint(bed: Bed, url: string): Promise<string> {
  const { code, stdout, stderr } = await bed.cli('webhooks', 'create', url, '--json');
  must(code === 0, `no endpoint: ${stdout} ${stderr}`);
  return JSON.parse(stdout).secret;
}

/** The delivery of the first event: there is one endpoint, and this is the drill's first capture. */
async function row(bed: Bed): Promise<Row> {
  const [first] = await query<Row>(
    bed,
    `select id, state, tries, round(extract(epoch from next_try_at - now()))::int as gap_s from webhook_delivery order by id limit 1`,
  );
  return first ?? { id: '', state: 'none', tries: 0, gap_s: 0 };
}

async function isRunning(bed: Bed): Promise<boolean> {
  return (await query(bed, `select 1 from webhook_attempt where finished_at is null`)).length > 0;
}
