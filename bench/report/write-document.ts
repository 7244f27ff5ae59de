import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { DRIVERS } from '../drivers/start-drivers.ts';
import type { SoakResult } from '../phases/soak.ts';
import { type Goal, mergeGoals, type Run } from './goals.ts';
import { bootTable, cpuTable, egressTable, goalTable, latencyTable, levelTable, memoryTable, soakTable } from './tables.ts';

export type Facts = {
  machine: string;
  versions: string;
  date: string;
  loadAtStart: number;
  rounds: number;
  missing: string[];
  soak?: SoakResult | undefined;
};

export function collectFacts(browsers: { shell: string; chromium: string | null }, rounds: number): Omit<Facts, 'missing'> {
  const version = (path: string | null) =>
    path === null
      ? 'none'
      : execFileSync(path, ['--version', '--no-sandbox'], {
          encoding: 'utf8',
          timeout: 30_000,
          stdio: ['ignore', 'pipe', 'ignore'],
        }).trim();
  return {
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}`,
    versions: `Node ${process.versions.node}, headless shell: ${version(browsers.shell)}, full: ${version(browsers.chromium)}`,
    date: new Date().toISOString().slice(0, 10),
    loadAtStart: loadavg()[0] ?? 0,
    rounds,
  };
}

/** The document, from what was measured; the goals are the medians over the runs, the tables hold all samples. */
export function makeDocument(runs: readonly Run[], goals: readonly Goal[][], facts: Facts): string {
  const samples = runs.flatMap((run) => run.latency?.samples ?? []);
  const [throughput, memory, boot] = [
    runs.flatMap((run) => run.throughput),
    runs.flatMap((run) => run.memory),
    runs.flatMap((run) => run.boot),
  ];
  const egress = runs.flatMap((run) => run.egress ?? []);
  const part = (title: string, is: boolean, text: () => string) => (is ? [`## ${title}\n\n${text()}`] : []);
  const notRun = [
    ...facts.missing,
    ...(samples.length === 0 ? ['latency'] : []),
    ...(throughput.length === 0 ? ['throughput'] : []),
    ...(memory.length === 0 ? ['memory'] : []),
    ...(boot.length === 0 ? ['boot'] : []),
    ...(egress.length === 0 ? ['egress'] : []),
    ...(facts.soak ? [] : ['soak']),
    'services that are no npm packages (Gotenberg, browserless v2): not part of this bench',
  ];
  return [
    '# Benchmarks',
    '<!-- Written by `npm run bench`: do not edit. -->',
    `${facts.date}. ${facts.machine}. ${facts.versions}. Load at the start: ${facts.loadAtStart.toFixed(1)}. ${runs.length} run(s) of ${facts.rounds} round(s).`,
    '## Goals',
    goalTable(mergeGoals(goals)),
    ...part(
      'Latency',
      samples.length > 0,
      () => `Median (90th percentile) in ms; × marks pages with an incomplete capture.\n\n${latencyTable(samples)}`,
    ),
    ...part(
      'CPU',
      samples.length > 0,
      () => `Seconds of user and system time for each capture, mean over all pages.\n\n${cpuTable(samples)}`,
    ),
    ...part('Throughput', throughput.length > 0, () => levelTable(throughput)),
    ...part('Memory', memory.length > 0, () => memoryTable(memory)),
    ...part('First capture after boot', boot.length > 0, () => bootTable(boot)),
    ...part(
      'Egress proxy',
      egress.length > 0,
      () => `Navigation to \`load\` of a page of 60 small images, median (90th percentile).\n\n${egressTable(egress)}`,
    ),
    ...(facts.soak ? ['## Soak', `Captures in a row, four at a time, through the whole product.\n\n${soakTable(facts.soak)}`] : []),
    '## How to repeat it',
    '`npm run bench -- --runs 3`, on a machine that does nothing else. It needs what `npm test` needs, Chromium (`apt-get install -y chromium`) for the full-Chromium rows, and network access once for the peers, which it installs below `bench/peers/`. `npm run bench -- --only soak` is the memory test, and `--from` writes what `--json` saved of both into one document; `--help` lists the rest.',
    '## How to read it',
    READING,
    '## Drivers',
    Object.entries(DRIVERS)
      .map(([name, what]) => `- \`${name}\`: ${what}`)
      .join('\n'),
    '## Not run',
    notRun.map((what) => `- ${what}`).join('\n'),
    '',
  ].join('\n\n');
}

const READING = `- Ratios are between figures of the same run, in which drivers take turns capture by capture; milliseconds of two runs are not comparable. Below 1 SessionShot is faster.
- "All" ratios are geometric means over pages of the ratio of medians. The page that never falls idle is left out where \`networkidle\` ran to its cap of 8 s.
- A capture is complete when every probe holds: pixels at fixed places of the PNG, texts and the number of pages of the PDF. An incomplete capture counts in latency, not in throughput.
- SessionShot's time holds everything: request, rows, queue, claim, capture, upload, wait, and the bytes through the signed URL. The clock of plain Playwright starts at \`newContext\` (cold: at \`launch\`) and ends with the bytes.
- Every driver is a process of its own and trusts the corpus's CA through the same certificate store; none ignores certificate errors. SessionShot keeps its sandbox and egress proxy; plain Playwright runs without both, as its default is.
- CPU: \`browser\` is what the browser's processes spent, so it compares across drivers; the other parts are shown beside it.
- Memory is PSS (shared pages counted by their part), the highest of looks a quarter of a second apart, divided by the captures at once.
- Egress: one browser, the flags of captures, fresh contexts in turn with and without a proxy of their own; the goal is the median over rounds of the ratio within a round.
- Settling runs from the navigation to the finished page, over the pages that \`networkidle\` ends on and completes.
- \`browserless\` and \`capture-website\` have no input for localStorage, so they cannot complete the signed-in page; for full pages \`browserless\` waits shares of its timeout (30 s, its default).`;
