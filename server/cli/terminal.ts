import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

type Stream = { write(text: string): unknown; isTTY?: boolean; columns?: number };
type Style = Parameters<typeof styleText>[0];

/** What commands print to: data on `out`, messages on `err`. Colours follow NO_COLOR, FORCE_COLOR and the terminal. */
export type Terminal = {
  /** Prints data: one line, or several. */
  out(text: string): void;
  /** Prints data as one line of JSON. */
  json(value: unknown): void;
  /** Prints a message for a person. */
  say(text: string): void;
  style(style: Style, text: string, stream?: 'out' | 'err'): string;
  /** Whether a person watches the messages on a terminal that can redraw lines. */
  isLive: boolean;
  columns(): number;
  /** Writes to the stream of messages as it stands, for redrawing. */
  raw(text: string): void;
};

const COLUMNS = 100;

export function createTerminal(
  out: Stream = process.stdout,
  err: Stream = process.stderr,
  env: Readonly<Record<string, string | undefined>> = {},
): Terminal {
  const isStream = (stream: Stream): stream is WriteStream => stream === process.stdout || stream === process.stderr;
  return {
    out: (text) => void out.write(`${text}\n`),
    json: (value) => void out.write(`${JSON.stringify(value)}\n`),
    say: (text) => void err.write(`${text}\n`),
    style: (style, text, stream = 'err') => {
      const target = stream === 'out' ? out : err;
      return isStream(target) ? styleText(style, text, { stream: target }) : text;
    },
    isLive: err.isTTY === true && env.TERM !== 'dumb' && !env.CI,
    columns: () => err.columns ?? COLUMNS,
    raw: (text) => void err.write(text),
  };
}

/** Lays out rows as columns, each as wide as its widest cell; the last is left as it is. */
export function table(rows: readonly (readonly string[])[]): string {
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
