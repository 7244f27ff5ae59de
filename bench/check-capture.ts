import { execFile } from 'node:child_process';
import { PNG } from 'pngjs';
import type { Case, Probe } from './corpus.ts';

const TEXT_MS_MAX = 30_000;
const CHANNEL_DIFFERENCE_MAX = 6;
const TEXT_BYTES_MAX = 10_000_000;

/** Holds a capture against its page's probes. Answers the first that fails, or null for a complete one. */
export async function findGap(bytes: Buffer, wanted: Case): Promise<string | null> {
  return wanted.format === 'pdf' ? await findTextGap(bytes, wanted) : findPixelGap(bytes, wanted.probes);
}

function findPixelGap(bytes: Buffer, probes: readonly Probe[]): string | null {
  let image: PNG;
  try {
    image = PNG.sync.read(bytes);
  } catch (error) {
    return `not a PNG: ${error instanceof Error ? error.message : String(error)}`;
  }
  for (const { x, y, color } of probes) {
    if (x >= image.width || y >= image.height) return `(${x}, ${y}) lies outside of ${image.width} × ${image.height}`;
    const at = (y * image.width + x) * 4;
    const found = [...image.data.subarray(at, at + 3)];
    if (found.some((value, channel) => Math.abs(value - (color[channel] ?? 0)) > CHANNEL_DIFFERENCE_MAX))
      return `(${x}, ${y}) is ${found.join(',')}, not ${color.join(',')}`;
  }
  return null;
}

async function findTextGap(bytes: Buffer, { texts, pages }: Case): Promise<string | null> {
  const text = await readPdfText(bytes);
  if (text === null) return 'not a PDF that pdftotext can read';
  const missing = texts.find((wanted) => !text.includes(wanted));
  if (missing) return `the text lacks "${missing}"`;
  // pdftotext ends each page with a form feed.
  const count = text.split('\f').length - 1;
  return pages === null || count === pages ? null : `${count} pages, not ${pages}`;
}

function readPdfText(bytes: Buffer): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const child = execFile('pdftotext', ['-layout', '-', '-'], { timeout: TEXT_MS_MAX, maxBuffer: TEXT_BYTES_MAX }, (error, stdout) =>
    resolve(error ? null : stdout),
  );
  child.stdin?.on('error', () => resolve(null)); // it ended before it had read everything: what it says counts
  child.stdin?.end(bytes);
  return promise;
}
