import type { CDPSession, Page } from 'playwright';
import type { Output } from '#shared/output.ts';
import type { CaptureRun } from '../capture-run.ts';
import type { Held } from '../own-world.ts';
import type { PaperLayout } from './paper-layout.ts';

/** A result in memory; image sides in pixels, `pages` for PDFs only. */
export type Rendered = { bytes: Buffer; width: number | null; height: number | null; pages: number | null };
/**
 * A judged page and what is to be made of it; `bytesMax` bounds the result. With `pdfTime` (milliseconds since the epoch)
 * a PDF says that it was made then, in its templates in the words of `pdfDate`, and holds nothing else that differs from one
 * print to the next. With `sheet` it is printed on one page.
 */
export type RenderPage = {
  page: Page;
  cdp: CDPSession;
  run: CaptureRun;
  output: Output;
  javaScriptEnabled: boolean;
  actionTimeout: number;
  bytesMax: number;
  pdfTime?: number | null;
  pdfDate?: string | null;
  sheet?: Held<PaperLayout> | null;
};
