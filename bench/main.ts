import { writeFileSync } from 'node:fs';
import { openBed } from './bed.ts';
import { median, p90 } from './measure/statistics.ts';
import { measureLatency } from './phases/latency.ts';

const say = (text: string) => process.stderr.write(`${text}\n`);
const [rounds = '1', drivers, pages] = process.argv.slice(2);
const bed = await openBed(say);
try {
  const result = await measureLatency(bed, { rounds: Number(rounds), drivers: drivers?.split(','), pages: pages?.split(',') }, say);
  writeFileSync('/tmp/bench-latency.json', JSON.stringify(result));
  for (const sample of result.samples)
    say(`${sample.driver} ${sample.page} ${Math.round(sample.ms)} settle ${Math.round(sample.settleMs ?? -1)} ${sample.gap ?? 'ok'}`);
  for (const driver of new Set(result.samples.map((sample) => sample.driver))) {
    const times = result.samples.filter((sample) => sample.driver === driver).map((sample) => sample.ms);
    say(`${driver}: median ${Math.round(median(times))} ms, p90 ${Math.round(p90(times))} ms`);
  }
} finally {
  await bed.close();
}
