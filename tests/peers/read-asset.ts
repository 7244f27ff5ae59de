import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright';
import { PNG } from 'pngjs';
import { findBrowser } from '#runner/browser/launch/find-browser.ts';
import { readBrowserConfig } from '#runner/config.ts';

const run = promisify(execFile);
const PROGRAM = { timeout: 30_000, maxBuffer: 64 * 1024 * 1024 };

export type Picture = { width: number; height: number; at(x: number, y: number): string };
export type Pdf = {
  text: string;
  pages: string[];
  info: Record<string, string>;
  paper: [number, number];
  hasOutline: boolean;
  firstPage(): Promise<Picture>;
};
export type AssetReader = { readPdf(bytes: Buffer): Promise<Pdf>; readPicture(bytes: Buffer): Promise<Picture>; close(): Promise<void> };

/** Reads results with other programs than those that made them: poppler for PDFs, pngjs, and a browser for JPEG and WebP. */
export function createAssetReader(): AssetReader {
  let browser: Promise<Browser> | null = null;
  const decoder = () => {
    browser ??= launch();
    return browser;
  };
  return {
    readPdf,
    readPicture: async (bytes) => readPng(isPng(bytes) ? bytes : await toPng(await decoder(), bytes)),
    close: async () => (await browser)?.close(),
  };
}

async function launch(): Promise<Browser> {
  const { explicitPath, searchPath } = readBrowserConfig();
  const { found, looked } = findBrowser({ explicit: explicitPath, searchPath });
  if (!found) throw new Error(`No Chromium was found. Looked at: ${looked.join('; ')}.`);
  return await chromium.launch({ executablePath: found.path, timeout: 30_000 });
}

function isPng(bytes: Buffer): boolean {
  return bytes.subarray(1, 4).toString('latin1') === 'PNG';
}

/** Has a browser draw the picture on a canvas and hand it back as PNG. */
async function toPng(browser: Browser, bytes: Buffer): Promise<Buffer> {
  const page = await browser.newPage();
  try {
    const base64 = await page.evaluate(async (encoded) => {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0))]));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
      const drawn = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer());
      let text = '';
      for (const byte of drawn) text += String.fromCharCode(byte);
      return btoa(text);
    }, bytes.toString('base64'));
    return Buffer.from(base64, 'base64');
  } finally {
    await page.close();
  }
}

function readPng(bytes: Buffer): Picture {
  const { width, height, data } = PNG.sync.read(bytes);
  const at = (x: number, y: number) => {
    const place = (y * width + x) * 4;
    if (x >= width || y >= height) return 'outside';
    return data[place + 3] === 0 ? 'clear' : `#${data.subarray(place, place + 3).toString('hex')}`;
  };
  return { width, height, at };
}

async function readPdf(bytes: Buffer): Promise<Pdf> {
  const [text, listed] = await inFolder(bytes, (file) =>
    Promise.all([run('pdftotext', ['-layout', file, '-'], PROGRAM), run('pdfinfo', [file], PROGRAM)]),
  );
  const info = Object.fromEntries(
    listed.stdout.split('\n').flatMap((line) => {
      const match = /^([^:]+):\s+(.*)$/.exec(line);
      return match?.[1] ? [[match[1], match[2] ?? '']] : [];
    }),
  );
  const size = /([\d.]+) x ([\d.]+) pts/.exec(info['Page size'] ?? '');
  return {
    text: squash(text.stdout),
    pages: text.stdout.split('\f').map(squash),
    info,
    paper: [Number(size?.[1]), Number(size?.[2])],
    hasOutline: /\/Outlines\b/.test(bytes.toString('latin1')),
    firstPage: async () => {
      const drawn = await inFolder(bytes, (file) =>
        run('pdftoppm', ['-f', '1', '-l', '1', '-r', '96', '-png', file], { ...PROGRAM, encoding: 'buffer' }),
      );
      return readPng(drawn.stdout);
    },
  };
}

async function inFolder<T>(bytes: Buffer, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sessionshot-peers-'));
  try {
    const file = join(folder, 'asset.pdf');
    await writeFile(file, bytes);
    return await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function squash(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
