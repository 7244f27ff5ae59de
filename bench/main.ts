import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureApi } from './api/measure-api.ts';
import { apiTable, isApiMet } from './api/report-api.ts';
import { type Bed, openBed } from './bed.ts';
import { PRODUCT, READY } from './drivers/start-drivers.ts';
import { installPeers } from './install-peers.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { measureBoot } from './phases/boot.ts';
import { measureEgress } from './phases/egress.ts';
import { measureLatency } from './phases/latency.ts';
import { measureSoak, type SoakResult } from './phases/soak.ts';
import { measureLevels } from './phases/throughput.ts';
import { isMet, judgeRun, mergeGoals, type Run } from './report/goals.ts';
import { goalTable, soakTable } from './report/tables.ts';
import { collectFacts, type Facts, makeDocument } from './report/write-document.ts';

/**
 * `npm run bench`: SessionShot end to end beside plain Playwright and the peers from npm, on one small corpus served on
 * loopback. `site/` is the corpus, `corpus.ts` what a complete capture shows, `drivers/` the things compared (each a
 * process of its own), `product/` the product started as a user does, `measure/` CPU and memory from /proc, `phases/`
 * what is measured, `report/` goals, tables and the document. Linux only: the figures come from /proc.
 */
const DOCUMENT = join(import.meta.dirname, '..', 'docs', 'benchmarks.md');
const SOAK_CAPTURES = 500;
const SOAK_CAPTURES_QUICK = 60;
/** Loads are short and noisy: several for each round of the others. */
const EGRESS_LOADS_PER_ROUND = 6;
const SOAK_GROWTH_MAX = 0.1;
const say = (text: string) => void process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${text}\n`);

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options | null;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (!options) return told(HELP);
  if (process.platform !== 'linux') {
    say('The bench reads /proc and runs on Linux only.');
    return 69;
  }
  if (options.from.length > 0) return writeFrom(options.from);
  if (options.api) return await benchApi(options);
  if (options.parts.some((part) => part !== 'egress')) installPeers(say);
  const bed = await openBed(say);
  const stop = () => void bed.close().finally(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    if (!bed.browsers.chromium) say('No full Chromium here: its rows and the peers are left out. `apt-get install -y chromium` brings it.');
    return options.parts.includes('soak') ? await soak(bed, options) : await measure(bed, options);
  } finally {
    await bed.close();
  }
}

async function measure(bed: Bed, options: Options): Promise<number> {
  const facts = collectFacts(bed.browsers, options.rounds);
  const runs: Run[] = [];
  for (let index = 0; index < options.runs; index++) {
    if (options.runs > 1) say(`── run ${index + 1} of ${options.runs}`);
    await measureOnce(bed, options, (run) => {
      runs[index] = run;
      if (options.json) writeFileSync(options.json, JSON.stringify({ facts, goals: runs.map(judgeRun), runs }, null, 1));
    });
  }
  const goals = runs.map(judgeRun);
  const missing = (runs[0]?.latency?.missing ?? []).map(({ name, why }) => `${name}: ${why}`);
  const document = makeDocument(runs, goals, { ...facts, missing });
  const isWhole = options.parts.includes('latency') && options.parts.includes('throughput') && !options.drivers && !options.quick;
  if (isWhole) writeFileSync(DOCUMENT, document);
  const merged = mergeGoals(goals);
  process.stdout.write(`${document}\n${goalTable(merged)}\n`);
  say(isWhole ? 'Written to docs/benchmarks.md.' : 'A part of the bench, or a quick one: docs/benchmarks.md is left as it was.');
  return merged.some((goal) => isMet(goal) === false) && isWhole ? 1 : 0;
}

/** Measures part by part; `save` is called after each, because a run takes long and one that is stopped should leave what it has. */
async function measureOnce(bed: Bed, { parts, rounds, runs, quick, drivers }: Options, save: (run: Run) => void): Promise<void> {
  const has = (part: Options['parts'][number]) => parts.includes(part);
  const names = drivers && [...new Set([PRODUCT, ...drivers])];
  const pages = has('latency') ? undefined : ['report'];
  // With several runs each of them is a turn, and their medians are what counts.
  const levels = { rounds: quick || runs > 1 ? 1 : 3, perSlot: quick ? 1 : 4, drivers: names };
  const run: Run = { latency: null, throughput: [], memory: [], boot: [], egress: null };
  if (has('latency') || has('pdf')) run.latency = await measureLatency(bed, { rounds, pages, drivers: names ?? undefined }, say);
  save(run);
  if (has('throughput')) run.throughput = await measureLevels(bed, levels, say);
  save(run);
  if (has('memory'))
    run.memory = await measureLevels(
      bed,
      { ...levels, rounds: 1, levels: [4, 8], drivers: names ?? [PRODUCT, READY], watchMemory: true },
      say,
    );
  save(run);
  if (has('boot')) run.boot = await measureBoot(bed, quick ? 1 : 5, say);
  save(run);
  if (has('egress')) run.egress = await measureEgress(bed, rounds * EGRESS_LOADS_PER_ROUND, say);
  save(run);
}

/** Writes the document from saved runs: all of one machine and state of the code, which nobody can check from here. */
/** What `--json` saves: of the bench, or of the soak. */
type Saved = { facts?: Omit<Facts, 'missing'>; runs?: Run[]; soak?: SoakResult };

function writeFrom(files: readonly string[]): number {
  const saved = files.map((file): Saved => JSON.parse(readFileSync(file, 'utf8')));
  const facts = saved.find((one) => one.facts)?.facts;
  if (!facts) return 2;
  const runs = saved.flatMap((one) => one.runs ?? []);
  const missing = (runs.find((run) => run.latency)?.latency?.missing ?? []).map(({ name, why }) => `${name}: ${why}`);
  const soak = saved.find((one) => one.soak)?.soak;
  const document = makeDocument(runs, runs.map(judgeRun), { ...facts, missing, soak });
  writeFileSync(DOCUMENT, document);
  return told(document);
}

async function soak(bed: Bed, options: Options): Promise<number> {
  const result = await measureSoak(bed, options.quick ? SOAK_CAPTURES_QUICK : SOAK_CAPTURES, say);
  if (options.json) writeFileSync(options.json, JSON.stringify({ soak: result }, null, 1));
  process.stdout.write(`${soakTable(result)}\n`);
  const isSteady = result.growth <= SOAK_GROWTH_MAX && result.filesAfter <= result.filesBefore * (1 + SOAK_GROWTH_MAX);
  // One that is seen once may have ended in that very moment.
  const isHaunted = result.samples.some(({ zombies }, at) => zombies > 0 && (result.samples[at + 1]?.zombies ?? 1) > 0);
  const isClean = result.failed === 0 && result.leftInTemporary.length === 0 && !isHaunted;
  return isSteady && isClean ? 0 : 1;
}

async function benchApi({ rounds, quick, json }: Options): Promise<number> {
  const result = await measureApi({ rounds, seconds: quick ? 1 : 5 }, say);
  if (json) writeFileSync(json, JSON.stringify({ api: result }, null, 1));
  process.stdout.write(`${apiTable(result)}\n`);
  return isApiMet(result) ? 0 : 1;
}

function told(text: string): number {
  process.stdout.write(text);
  return 0;
}
