import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';

const run = promisify(execFile);

/**
 * Everything that a PDF says, in any form: its bytes, its streams decompressed, its strings decoded, the text that its
 * fonts show, its information, structure, destinations and links. White space is taken out, as words may be set apart.
 */
export async function readPdf(file: string): Promise<string> {
  const bytes = await readFile(file);
  const raw = bytes.toString('latin1');
  const streams = [...raw.matchAll(/stream\r?\n/g)].map((match) => inflate(bytes.subarray(match.index + match[0].length)));
  const all = [raw, ...streams];
  const tools = [
    ['pdftotext', file, '-'],
    ['pdftotext', '-raw', file, '-'],
    ['pdfinfo', file],
    ['pdfinfo', '-struct-text', file],
    ['pdfinfo', '-dests', file],
    ['pdfinfo', '-url', file],
    ['pdfinfo', '-meta', file],
  ];
  const said = await Promise.all(
    tools.map(async ([program = '', ...args]) => (await run(program, args, { maxBuffer: 64_000_000 })).stdout),
  );
  const text = [...all, ...all.flatMap(decodeStrings), ...said].join('\n');
  return `${text}\n${decodeEscapes(text)}`.replace(/[\s\u200b]+/g, '');
}

/** Tells whether a value is in what `readPdf` gave, however it is spaced. */
export function holds(said: string, value: string): boolean {
  return said.includes(value.replace(/\s+/g, '')) || said.includes(encodeURIComponent(value));
}

function inflate(bytes: Buffer): string {
  try {
    // Data behind the end of the stream is passed over.
    return inflateSync(bytes, { finishFlush: 2 }).toString('latin1');
  } catch {
    return ''; // Not a Flate stream: its bytes are searched as they are.
  }
}

/** Hexadecimal and literal strings, read as UTF-16 where they say so. */
function decodeStrings(text: string): string[] {
  const hex = [...text.matchAll(/<([0-9A-Fa-f\s]{4,})>/g)].map((match) => Buffer.from((match[1] ?? '').replace(/\s/g, ''), 'hex'));
  const literal = [...text.matchAll(/\(((?:\\[\s\S]|[^\\()])*)\)/g)].map((match) =>
    Buffer.from(
      (match[1] ?? '').replace(/\\([0-7]{1,3})|\\([\s\S])/g, (_all, octal, letter) =>
        octal ? String.fromCharCode(Number.parseInt(octal, 8)) : letter,
      ),
      'latin1',
    ),
  );
  return [...hex, ...literal].map((bytes) =>
    bytes[0] === 0xfe && bytes[1] === 0xff
      ? Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2)))
          .swap16()
          .toString('utf16le')
      : bytes.toString('latin1'),
  );
}

function decodeEscapes(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escaped) => Buffer.from(escaped.replaceAll('%', ''), 'hex').toString('utf8'));
}
