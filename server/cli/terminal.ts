import { randomUUID } from 'node:crypto';
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { escapeActing } from '#shared/inert-text.ts';

type Stream = { write(text: string): unknown; isTTY?: boolean; columns?: number };
type Style = Parameters<typeof styleText>[0];

/**
 * What commands print to: data on `out`, messages on `err`. Colours follow NO_COLOR, FORCE_COLOR and the terminal. Names that
 * others gave (of keys, runners, workspaces …) cannot act on it: whatever would is written out, but for lines and our own colours.
 */
export type Terminal = {
  /** Prints data: one line, or several. */
  out(text: string): void;
  /** Prints data as one line of JSON, which reads as the same value wherever it was written out. */
  json(value: unknown): void;
  /** Prints a message for a person. */
  say(text: string): void;
  /** Colours a text for `out` or `say`, on the stream that is named. */
  style(style: Style, text: string, stream?: 'out' | 'err'): string;
  /** Whether a person watches the messages on a terminal that can redraw lines. */
  isLive: boolean;
  columns(): number;
  /** Writes to the stream of messages as it stands, for redrawing. */
  raw(text: string): void;
};

const COLUMNS = 100;
const LINES = '\n\t';

export function createTerminal(
  out: Stream = process.stdout,
  err: Stream = process.stderr,
  env: Readonly<Record<string, string | undefined>> = {},
): Terminal {
  const isStream = (stream: Stream): stream is WriteStream => stream === process.stdout || stream === process.stderr;
  // Stands for the escapes of our own colours until they are printed. Nobody can have it in a name: it is made anew each time.
  const own = `<${randomUUID()}>`;
  const inert = (text: string) =>
    text
      .split(own)
      .map((piece) => escapeActing(piece, LINES))
      .join('\u001b');
  return {
    out: (text) => void out.write(`${inert(text)}\n`),
    json: (value) => void out.write(`${escapeActing(JSON.stringify(value))}\n`),
    say: (text) => void err.write(`${inert(text)}\n`),
    style: (style, text, stream = 'err') => {
      const target = stream === 'out' ? out : err;
      const plain = escapeActing(text, LINES);
      return isStream(target) ? styleText(style, plain, { stream: target }).replaceAll('\u001b', own) : plain;
    },
    isLive: err.isTTY === true && env.TERM !== 'dumb' && !env.CI,
    columns: () => err.columns ?? COLUMNS,
    raw: (text) => void err.write(text),
  };
}

/** A value as it may stand inside a line: what would act, line feeds included, is written out. */
export const inLine = (text: string): string => escapeActing(text);

/** Lays out rows as columns, each as wide as its widest cell; the last is left as it is. Cells are values inside a line. */
export function table(given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(inLine));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const inKib = bytes / 1024;
  if (inKib < 1024) return `${Math.round(inKib)} KB`;
  const inMib = inKib / 1024;
  return inMib < 1024 ? `${inMib.toFixed(1)} MB` : `${(inMib / 1024).toFixed(1)} GB`;
}

export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
