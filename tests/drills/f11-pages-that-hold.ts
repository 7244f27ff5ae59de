import { startSite } from '#runner/fixtures/site.ts';
import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { descendantsOf, residentMiB } from './process-tree.ts';
import { type Load, post, postMany, startLoad } from './run-load.ts';
import type { Bed } from './start-bed.ts';
import { must, until } from './until.ts';

const TOTAL_MS = 20_000;
const LATE_MS_MAX = 5000;
/** What a slot may take from the end of its page to the start of its next one. */
const FREE_MS_MAX = 5000;
/** Above what the runner had before, when all is over: a new browser, and what Node has not collected yet. */
const GROWTH_MIB_MAX = 400;
const ENDINGS = ['navigation_timeout', 'readiness_timeout', 'total_timeout', 'browser_crashed', 'action_failed'];
const LOOP = 'for (;;);';

/** Each page that does not let go, by name. */
const PAGES: Readonly<Record<string, string>> = {
  'a loop': `<h1>loop</h1><script>${LOOP}</script>`,
  'a loop in a worker': `<h1>worker</h1><script>new Worker(URL.createObjectURL(new Blob(['${LOOP}'])))</script>`,
  'loops in 20 frames': `<h1>frames</h1>${'<iframe src="/a loop"></iframe>'.repeat(20)}`,
  '500 popups': '<h1>popups</h1><script>for (let n = 0; n < 500; n++) open("/leaf?" + n)</script>',
  'memory without end':
    '<h1>memory</h1><script>const all = []; setInterval(() => { for (let n = 0; n < 4; n++) all.push(new Float64Array(4_000_000).fill(1)) }, 10)</script>',
  'dialogs without end': '<h1>dialogs</h1><script>for (;;) alert("again")</script>',
  'a page that asks before it is left':
    '<h1>stay</h1><script>onbeforeunload = (event) => { event.preventDefault(); for (;;) confirm("stay?") }</script>',
};

export const f11: Drill = {
  id: 'F11',
  title: 'Pages that never let go',
  what: 'A loop in the page, in a worker, in 20 frames; 500 popups; memory without end; dialogs without end; a page that asks before it is left. Each ends at its time limit at the latest, with a slot that is free again; captures beside them succeed in one attempt; the runner’s memory is back. (There is no bound on a page’s memory but the browser’s own.)',
  isShort: false,
  run: async (bed) => {
    const [load, beside] = [startLoad(), startLoad()];
    const site = await startSite(
      (request, response) => {
        const page = PAGES[decodeURIComponent(request.url ?? '').slice(1)];
        response.setHeader('content-type', 'text/html').end(page ?? '<p>leaf</p>');
      },
      await bed.authority.issue(['localhost']),
    );
    try {
      await bed.cli('domains', 'add', `localhost:${site.port}`, '--private', '--json');
      await postMany(bed, beside, 4);
      await checkInvariants(bed, beside);
      const before = memoryOf(bed);
      const posting = postMany(bed, beside, 20, { perSecond: 0.5, prefix: 'beside' });
      const names = Object.keys(PAGES);
      for (const [index, name] of names.entries()) {
        const more = { url: `https://localhost:${site.port}/${encodeURIComponent(name)}`, timeouts: { total: TOTAL_MS } };
        await post(bed, load, `${load.reference}-${index}`, { delayMs: 0, server: index, more });
      }
      await posting;
      const innocent = await checkInvariants(bed, beside);
      must(
        innocent.every(({ attempts }) => attempts === 1),
        `captures beside were repeated: ${JSON.stringify(innocent.filter(({ attempts }) => attempts > 1))}`,
      );
      const rows = await checkInvariants(bed, load, { mayFail: ENDINGS });
      await checkTimes(bed, load);
      await until('the memory is back', () => memoryOf(bed) < before + GROWTH_MIB_MAX, 120_000);
      const ends = names.map((name, index) => {
        const id = load.accepted.get(`${load.reference}-${index}`);
        const row = rows.find((each) => each.id === id);
        return `${name}: ${row?.code ?? row?.status}`;
      });
      return `${ends.join(', ')}; ${innocent.length} captures beside them succeeded in one attempt each; memory ${before} MiB before, ${memoryOf(bed)} MiB after`;
    } finally {
      await site.close();
    }
  },
};

/** No attempt outlived its time limit, and none waited long for the slot of one that had. */
async function checkTimes(bed: Bed, load: Load): Promise<void> {
  const late = await query<{ number: number; ms: number }>(
    bed,
    `select number, (extract(epoch from attempt.finished_at - attempt.started_at) * 1000)::int as ms from attempt join capture on capture.id = capture_id
     where reference = $1 and attempt.finished_at - attempt.started_at > $2 * interval '1 millisecond'`,
    [load.reference, TOTAL_MS + LATE_MS_MAX + FREE_MS_MAX],
  );
  must(late.length === 0, `attempts that outlived their time limit: ${JSON.stringify(late)}`);
}

function memoryOf(bed: Bed): number {
  const pids = bed.runners.flatMap((runner) => {
    const pid = runner.now().child.pid ?? 0;
    return [pid, ...descendantsOf(pid).map((each) => each.pid)];
  });
  return residentMiB(pids);
}
