import type { CDPSession, Page } from 'playwright';
import { LIMITS } from '#shared/limits.ts';
import { lengthPx, type Output, type PdfOptions, paperWidthPx } from '#shared/output.ts';
import type { CaptureRun } from '../capture-run.ts';
import { type Held, holdInOwnWorld } from '../own-world.ts';
import { makeHeightFreezer } from './height-freezer.ts';
import { makePaperLayout, type PaperLayout } from './paper-layout.ts';

const STEP_MS_MAX = 5000;
/** Chromium makes content that is wider than the paper smaller, by no more than this. */
const SHRINK_MAX = 1.5;
/** Added to the height when the last line came out on a second page: print rounds what it lays out. */
const SPARE_PX = [0, 4, 16, 64, 256] as const;
export const TEMPLATE_MARGIN = '15mm';

export type Margins = { top: number | string; right: number | string; bottom: number | string; left: number | string };
type Viewed = { page: Page; cdp: CDPSession; run: CaptureRun };

/** The margins of a PDF; a header or footer whose margin was left open gets room, or Chromium prints it behind the page. */
export function marginsOf({ margin, headerTemplate, footerTemplate }: Partial<PdfOptions>): Margins {
  return {
    top: margin?.top ?? (headerTemplate === undefined ? 0 : TEMPLATE_MARGIN),
    right: margin?.right ?? 0,
    bottom: margin?.bottom ?? (footerTemplate === undefined ? 0 : TEMPLATE_MARGIN),
    left: margin?.left ?? 0,
  };
}

/** Width that a page is laid out at on the one sheet that `output` asks for, in CSS pixels; null where it asks for none. */
export function sheetWidthOf(output: Output): number | null {
  return output.format === 'pdf' && output.pdf?.singlePage ? printedWidthOf(output) : null;
}

/** Width that a page is printed at unless its style sheets choose another paper, in CSS pixels. */
export function printedWidthOf({ pdf }: Output): number {
  const { left, right } = marginsOf(pdf ?? {});
  return Math.max(1, Math.floor((paperWidthPx(pdf ?? {}) - lengthPx(left) - lengthPx(right)) / (pdf?.scale ?? 1)));
}

/**
 * Lays the page out at the width of the sheet, as print will, so that its height can be measured. Heights that follow the
 * view keep the size they have in a view of the height that was asked for. The caller puts the viewport back.
 */
export async function layOutForSheet({ page, cdp, run }: Viewed, output: Output): Promise<Held<PaperLayout> | null> {
  const width = sheetWidthOf(output);
  const view = page.viewportSize();
  if (width === null || !view) return null;
  const margins = Object.values(marginsOf(output.pdf ?? {})).map((side) => `${lengthPx(side)}px`);
  const resize = (height: number) => run.within(STEP_MS_MAX, page.setViewportSize({ width, height }));
  await resize(view.height);
  const layout = await holdInOwnWorld<PaperLayout>(
    { cdp, run },
    `(bare) => (${makePaperLayout})(bare, ${JSON.stringify(margins.join(' '))}, (${makeHeightFreezer})(bare, Infinity))`,
  );
  await resize(view.height * 2);
  await layout.ask((it) => it.freeze());
  await resize(view.height);
  return layout;
}

/** Height of the sheet in CSS pixels, margins included. Throws `output_too_large` where no reader would show it. */
export async function sheetHeightOf({ page, run }: Viewed, output: Output, sheet: Held<PaperLayout>): Promise<number> {
  const width = sheetWidthOf(output) ?? 1;
  const measure = () => sheet.ask((it) => it.measure());
  let measured = await measure();
  let shrink = 1;
  if (measured.width > width) {
    shrink = Math.min(SHRINK_MAX, measured.width / width);
    const height = page.viewportSize()?.height ?? 1;
    await run.within(STEP_MS_MAX, page.setViewportSize({ width: Math.floor(width * shrink), height }));
    measured = await measure();
  }
  await sheet.ask((it) => it.hold());
  const { top, bottom } = marginsOf(output.pdf ?? {});
  const height = Math.ceil((measured.height * (output.pdf?.scale ?? 1)) / shrink + lengthPx(top) + lengthPx(bottom));
  if (height > LIMITS.pdfSidePxMax) throw tooHigh(run, height);
  return height;
}

/** Prints onto a sheet of this height, or a little more where the end came out on a second page. */
export async function printOnSheet<T extends { pages: number | null }>(
  run: CaptureRun,
  height: number,
  print: (height: number) => Promise<T>,
): Promise<T> {
  for (const spare of SPARE_PX) {
    if (height + spare > LIMITS.pdfSidePxMax) throw tooHigh(run, height + spare);
    const printed = await print(height + spare);
    if (printed.pages === 1) return printed;
  }
  throw run.fault('output_too_large', {
    instead: 'The document does not come out on one page, because it grows with the page: leave `output.pdf.singlePage` out.',
  });
}

function tooHigh(run: CaptureRun, height: number) {
  return run.fault('output_too_large', {
    instead: `One page would be ${height} CSS pixels high, and a PDF ends at ${LIMITS.pdfSidePxMax}. Leave \`output.pdf.singlePage\` out, or set a smaller \`output.pdf.scale\` or a wider page.`,
  });
}
