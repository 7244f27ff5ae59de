import { parseArgs } from 'node:util';
import { setup } from '../services/global-setup.ts';
import { DRILLS } from './list-drills.ts';
import { runDrills } from './run-drills.ts';
import { tableOf, writeDocument } from './write-document.ts';

/** `npm run drills [-- F01 F07 …] [--full] [--list]`: runs fault drills, prints a table, and writes docs/drills.md. */
const say = (text: string) => void process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${text}\n`);

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    options: { list: { type: 'boolean' }, full: { type: 'boolean' } },
  });
  const unknown = positionals.filter((id) => !DRILLS.some((drill) => drill.id === id));
  if (values.list || unknown.length > 0) {
    if (unknown.length > 0) say(`Not a drill that is built: ${unknown.join(', ')}. These are:`);
    process.stdout.write(DRILLS.map(({ id, title, isShort }) => `${id.padEnd(4)} ${title}${isShort ? '' : ' (long)'}\n`).join(''));
    return unknown.length > 0 ? 2 : 0;
  }
  const chosen = positionals.length === 0 ? DRILLS : positionals.flatMap((id) => DRILLS.filter((drill) => drill.id === id));
  const close = await setup();
  try {
    const results = await runDrills(chosen, values.full ? 'full' : 'short', (result) => {
      say(`${result.id} ${result.ok ? 'passed' : 'FAILED'} after ${result.seconds} s: ${result.seen}`);
      writeDocument([result]);
    });
    process.stdout.write(`${tableOf(results)}\n`);
    return results.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    await close();
  }
}
