import { startSite } from '#runner/fixtures/site.ts';
import { createApi } from '../e2e/call-api.ts';
import { openCanaryPorts } from '../security/canary-ports.ts';
import { type Aim, APP_HOST, answerAsSite, OWN_PORT_VECTORS, VECTORS } from '../security/hostile-page.ts';
import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { browsersOf, descendantsOf } from './process-tree.ts';
import { postMany, startLoad } from './run-load.ts';
import type { Bed } from './start-bed.ts';
import { must, until } from './until.ts';

const HOSTILE = { short: 6, full: 30 };
const INNOCENT = 6;
const SECOND = '127.0.0.2';
/** A page that is cut in the middle of its attempts may end as any of these; what it reaches is what counts. */
const MAY_FAIL = [
  'navigation_blocked',
  'readiness_timeout',
  'total_timeout',
  'browser_crashed',
  'runner_lost',
  'poison',
  'navigation_timeout',
];

export const x1: Drill = {
  id: 'X1',
  title: 'Canaries under crashes',
  what: 'The hostile page of the egress tests is among the load while one runner is killed, the browsers of the other are, and it drains. Nothing arrives at the ports of loopback that the page aims at. (Its vectors by made-up names do not resolve here; tests/security has them.)',
  isShort: false,
  run: async (bed, size) => {
    const [hostile, innocent] = [startLoad(), startLoad()];
    const certificate = await bed.authority.issue(['localhost', '127.0.0.1', SECOND]);
    const canaries = await openCanaryPorts({ addresses: ['127.0.0.1', SECOND], names: VECTORS, ownPorts: OWN_PORT_VECTORS, certificate });
    const aim: Aim = { at: '127.0.0.1', second: SECOND, ports: canaries, own: canaries.own };
    const site = await startSite((request, response) => {
      const { status = 200, headers = {}, body = '' } = answerAsSite(aim, APP_HOST, request.url ?? '/') ?? { status: 404 };
      response.writeHead(status, headers).end(body);
    }, certificate);
    try {
      await bed.cli('domains', 'add', `localhost:${site.port}`, '--private', '--json');
      const more = { url: `https://localhost:${site.port}/`, timeouts: { total: 40_000 } };
      const posting = postMany(bed, hostile, HOSTILE[size], { more, delayMs: 4000 });
      const others = postMany(bed, innocent, INNOCENT, { delayMs: 2000 });
      await until('hostile pages are open', async () => (await opened(bed, hostile.reference)) >= 2, 90_000);
      const [first, second] = bed.runners;
      const dead = descendantsOf(first.now().child.pid ?? 0);
      await first.now().stop('SIGKILL');
      const browsers = browsersOf(second.now().child.pid ?? 0);
      for (const { pid } of browsers) process.kill(pid, 'SIGKILL');
      await first.start();
      await second.now().stop('SIGTERM', 120_000);
      await second.start();
      await Promise.all([posting, others]);
      await checkInvariants(bed, innocent, { mayFail: ['poison'] });
      const rows = await checkInvariants(bed, hostile, { mayFail: MAY_FAIL, dead: [...dead, ...browsers] });
      must(canaries.contacts() === 0, `${canaries.contacts()} contacts: ${canaries.hits().join(', ')}`);
      const refused = await blockedOf(bed, [...hostile.accepted.values()]);
      must(refused > 0, 'no hostile page tried anything');
      const ends = rows.map(({ code, status }) => code ?? status);
      return `${rows.length} hostile pages (${ends.join(', ')}), ${refused} hosts refused to them, ${site.requests.length} requests at their site: 0 contacts at ${OWN_PORT_VECTORS.length + 2} ports; ${INNOCENT} captures beside them succeeded`;
    } finally {
      await site.close();
      await canaries.close();
    }
  },
};

async function opened(bed: Bed, reference: string): Promise<number> {
  const sql = `select 1 from job join capture on capture.id = capture_id where state = 'leased' and step not in ('claimed', 'session') and reference = $1`;
  return (await query(bed, sql, [reference])).length;
}

/** How many hosts the results say that the pages were kept from. */
async function blockedOf(bed: Bed, ids: readonly string[]): Promise<number> {
  const api = createApi(bed.servers[0].url, bed.key);
  const bodies = await Promise.all(ids.map(async (id) => (await api.call('GET', `/api/captures/${id}`)).body));
  return bodies.reduce((sum, { egress }) => sum + (egress?.blocked.length ?? 0), 0);
}
