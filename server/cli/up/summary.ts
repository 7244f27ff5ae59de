import type { DemoFacts } from '#server/embedded/embedded-demo.ts';
import type { Capture } from '#shared/capture.ts';
import { formatBytes, type Terminal } from '../terminal.ts';

export type Summary = {
  url: string;
  signInUrl: string;
  dataDir: string;
  isDefaultDataDir: boolean;
  key: string | null;
  demo: DemoFacts | null;
  capture: { capture: Capture; file: string | null } | null;
  /** Whether everything stops after this (`--once`): then only what outlives it is shown. */
  isOver: boolean;
};

/** Prints what a person needs once everything runs: the capture, the way in, and a call to try. */
export function printSummary(terminal: Terminal, summary: Summary): void {
  terminal.out('');
  if (summary.capture) printCapture(terminal, summary.capture, summary.isOver);
  if (!summary.isOver) {
    printRow(terminal, 'Console', terminal.style('cyan', summary.url, 'out'));
    printRow(terminal, 'Sign in', terminal.style('cyan', summary.signInUrl, 'out'));
    printRow(terminal, '', terminal.style('dim', 'one use, 15 minutes; `sessionshot open` makes another', 'out'));
    printRow(terminal, 'API', `POST ${summary.url}/api/captures`);
  }
  if (summary.key) printRow(terminal, 'API key', terminal.style('bold', summary.key, 'out'), 'shown this once: keep it');
  if (summary.demo && !summary.isOver) printCall(terminal, summary);
  terminal.out('');
}

function printRow(terminal: Terminal, name: string, value: string, remark = ''): void {
  terminal.out(`  ${name.padEnd(10)} ${value}${remark ? `   ${terminal.style('dim', remark, 'out')}` : ''}`);
}

function printCapture(terminal: Terminal, { capture, file }: NonNullable<Summary['capture']>, isOver: boolean): void {
  const { asset } = capture;
  if (!asset || !file) {
    const why = capture.error ? `${capture.error.code}: ${capture.error.message}` : capture.status;
    terminal.out(`  ${terminal.style('red', 'The capture failed.', 'out')} ${why}\n`);
    return;
  }
  const facts = [capture.verdict ?? '', `${asset.width} × ${asset.height} px`, formatBytes(asset.bytes)].join(', ');
  terminal.out(`  ${terminal.style('bold', 'A capture of the demo app, behind its sign-in', 'out')}: ${facts}`);
  terminal.out(`    ${file}`);
  // The storage stops with the instance, and the link with it.
  if (!isOver) {
    terminal.out(`    ${terminal.style('cyan', asset.url, 'out')}`);
    terminal.out(`    ${terminal.style('dim', 'signed: whoever has this link sees this one file, for some minutes', 'out')}`);
  }
  terminal.out('');
}

function printCall(terminal: Terminal, summary: Summary): void {
  const where = summary.isDefaultDataDir ? '' : ` --data-dir ${summary.dataDir}`;
  const body = `{"url":"${summary.demo?.origin ?? ''}/","auth":{"storageState":'"$(npm run -s sessionshot -- demo auth${where})"'},"output":{"format":"pdf"}}`;
  terminal.out(`\n  ${terminal.style('bold', 'Try it', 'out')} in another terminal, from this folder:\n`);
  terminal.out(`  curl -s '${summary.url}/api/captures' \\`);
  terminal.out(`    -H 'Authorization: Bearer ${summary.key ?? 'YOUR_KEY'}' \\`);
  terminal.out(`    -H 'Content-Type: application/json' -H 'Prefer: wait=30' \\`);
  terminal.out(`    -d '${body}'`);
}
