import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { post, postMany, startLoad } from './run-load.ts';
import type { Bed } from './start-bed.ts';
import { must, until } from './until.ts';

const INNOCENT = { short: 6, full: 30 };
/** Those that are posted when the suspects are about to be repeated. */
const COMPANY = 4;
/** As long as the poison capture's: whoever shares its runner is lost with it. */
const DELAY_MS = 6000;

/** No page is known that ends a runner: the drill kills whichever runner has the poison capture in hand. */
export const f10: Drill = {
  id: 'F10',
  title: 'A poison capture among innocent ones',
  what: 'The runner that holds it is killed each time, the first time with another capture beside it. It is repeated alone, by the one runner that is left, however much there is to do. It fails as `poison` after two deaths; all others succeed, none in more than two attempts',
  without: 'The rule that a shared death does not count, and the claim that says `alone`: *the suspect was not alone when it was repeated*',
  isShort: false,
  run: async (bed, size) => {
    const load = startLoad();
    const poison = await post(bed, load, `${load.reference}-poison`, { delayMs: DELAY_MS });
    const posting = postMany(bed, load, INNOCENT[size], { delayMs: DELAY_MS });
    const state = async () =>
      await query<{ runner: string | null; attempt: number; state: string }>(
        bed,
        `select (select name from runner where id = job.runner_id and job.state = 'leased' and step <> 'claimed') as runner, attempt, state
         from job where capture_id = $1`,
        [poison],
      );
    const runs = async (attempt: number) => {
      const isRunning = async () => (await state())[0]?.attempt === attempt && (await state())[0]?.runner !== null;
      await until(`attempt ${attempt} of the poison capture runs`, isRunning, 120_000);
      const name = (await state())[0]?.runner ?? '';
      const holder = bed.runners.find((runner) => runner.name === name);
      must(holder !== undefined, `nobody is called ${name}`);
      return holder;
    };
    const first = await runs(1);
    await until('another runs beside it', async () => (await beside(bed, first.name)) >= 2, 30_000);
    await first.now().stop('SIGKILL');
    // One runner is left, and more to do: whoever is not kept alone gets company.
    await bed.runners
      .find((runner) => runner !== first)
      ?.now()
      .stop('SIGTERM', 90_000);
    await first.start();
    await until('the poison capture is taken back', async () => (await state())[0]?.state !== 'leased', 60_000);
    await postMany(bed, load, COMPANY, { delayMs: DELAY_MS, prefix: 'company' });
    const second = await runs(2);
    must((await beside(bed, second.name)) === 1, 'the suspect was not alone when it was repeated');
    await second.now().stop('SIGKILL');
    await bed.mend();
    await posting;
    const rows = await checkInvariants(bed, load, { mayFail: ['poison'] });
    const failed = rows.filter(({ status }) => status === 'failed');
    must(failed.length === 1 && failed[0]?.id === poison, `failed as poison: ${JSON.stringify(failed)}, the poison is ${poison}`);
    const lost = rows.filter(({ id, codes }) => id !== poison && codes.includes('runner_lost')).length;
    must(lost > 0, 'no innocent capture was lost with the poison one');
    const often = rows.filter(({ id, attempts }) => id !== poison && attempts > 2);
    must(often.length === 0, `${often.length} innocent captures needed more than two attempts`);
    return `2 runners killed; the capture ended as poison after ${failed[0]?.attempts} attempts; ${rows.length - 1} others succeeded, ${lost} of them lost with it once`;
  },
};

async function beside(bed: Bed, runner: string): Promise<number> {
  const sql = `select 1 from job join runner on runner.id = runner_id where job.state = 'leased' and step <> 'claimed' and runner.name = $1`;
  return (await query(bed, sql, [runner])).length;
}
