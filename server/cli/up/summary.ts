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

type Row = { value: string; style?: Parameters<Terminal['style']>[0]; remark?: string };

/** Where values begin: two blanks, the name, a blank. */
const NAME_WIDTH = 13;
/** The variable of a shell that the README, the docs and the console's examples read the key from. */
const KEY_VARIABLE = 'SESSIONSHOT_API_KEY';

/** Prints what a person needs once everything runs: the capture, the way in, and a call to try. */
export function printSummary(terminal: Terminal, summary: Summary): void {
  terminal.out('');
  if (summary.capture) printCapture(terminal, summary.capture, summary.isOver);
  if (!summary.isOver) {
    printRow(terminal, 'Console', { value: summary.url, style: 'cyan' });
    printRow(terminal, 'Sign in', { value: summary.signInUrl, style: 'cyan' });
    printRow(terminal, '', { value: 'one use, 15 minutes; `sessionshot open` makes another', style: 'dim' });
    printRow(terminal, 'API', { value: `POST ${summary.url}/api/captures` });
  }
  if (summary.key) printRow(terminal, 'API key', { value: summary.key, style: 'bold', remark: 'shown this once: keep it' });
  if (summary.demo && !summary.isOver) printCall(terminal, summary);
  terminal.out('');
}

/**
 * Prints a name and its value. Where the terminal is too narrow for both, the value has a line to itself, from its very
 * edge: a terminal that breaks a link or a key in the middle makes it hard to copy.
 */
function printRow(terminal: Terminal, name: string, { value, style, remark = '' }: Row): void {
  const shown = style ? terminal.style(style, value, 'out') : value;
  const told = terminal.style('dim', remark, 'out');
  const fits = (text: string) => NAME_WIDTH + text.length <= terminal.columns();
  const head = `  ${name.padEnd(NAME_WIDTH - 3)} `;
  const isBeside = remark !== '' && fits(`${value}   ${remark}`);
  if (!fits(value)) terminal.out(name ? `  ${name}\n${shown}` : shown);
  else terminal.out(`${head}${shown}${isBeside ? `   ${told}` : ''}`);
  if (remark && !isBeside) terminal.out(`${' '.repeat(NAME_WIDTH)}${told}`);
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
  const given = summary.key === null ? `, with a key of yours in ${KEY_VARIABLE}` : '';
  terminal.out(`\n  ${terminal.style('bold', 'Try it', 'out')} in another terminal${given}, from this folder:\n`);
  const wide = callLines(summary, false);
  const fits = wide.every((line) => line.length <= terminal.columns());
  terminal.out((fits ? wide : callLines(summary, true)).join('\n'));
}

/** Writes the call for a shell. Narrow: one option a line, and breaks only where neither the shell nor JSON minds. */
function callLines({ url, key, demo, dataDir, isDefaultDataDir }: Summary, isNarrow: boolean): string[] {
  const at = isNarrow ? '\n      ' : '';
  const where = isDefaultDataDir ? '' : `${isNarrow ? ` \\${at}  ` : ' '}--data-dir ${dataDir}`;
  const state = `'"$(npm run -s sessionshot -- demo auth${where})"'`;
  const body = [`{"url":"${demo?.origin ?? ''}/"`, `"auth":{"storageState":${state}}`, '"output":{"format":"pdf"}}'].join(`,${at}`);
  const text = [
    ...(key === null ? [] : [`  ${KEY_VARIABLE}='${key}'`]),
    `  curl -s '${url}/api/captures' \\`,
    `    -H "Authorization: Bearer $${KEY_VARIABLE}" \\`,
    `    -H 'Content-Type: application/json'${isNarrow ? ' \\\n   ' : ''} -H 'Prefer: wait=30' \\`,
    `    -d '${body}'`,
  ].join('\n');
  return text.split('\n');
}
