import { LIMITS } from '#shared/limits.ts';
import { type PdfOptions, paperWidthPx } from '#shared/output.ts';
import { CaptureFault } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { fixTemplateDates } from './fix-template-dates.ts';
import { countPdfPages, setPdfMetadata } from './pdf-metadata.ts';
import type { Rendered, RenderPage } from './rendered.ts';
import { marginsOf, printOnSheet, sheetHeightOf } from './single-page.ts';

const EMPTY_TEMPLATE = '<span></span>';

/** Prints the document. The medium (print or screen) has been chosen before, and the page laid out for a single sheet. */
export async function renderPdf(target: RenderPage): Promise<Rendered> {
  const { run, output, sheet, pdfDate } = target;
  const given: Partial<PdfOptions> = output.pdf ?? {};
  const options = pdfDate ? await fixTemplateDates(target, given, pdfDate) : given;
  const height = sheet ? await sheetHeightOf(target, output, sheet) : null;
  const { printed, pages } =
    height === null
      ? await print(target, options)
      : await printOnSheet(run, height, (high) =>
          print(target, { ...options, width: paperWidthPx(options), height: high, landscape: false }),
        );
  if (pages !== null && pages > LIMITS.pdfPagesMax)
    throw run.fault('output_too_large', {
      instead: `The document has ${pages} pages, ${LIMITS.pdfPagesMax} are allowed. Print some of them with \`output.pdf.pageRanges\`.`,
    });
  const { metadata } = options;
  if (!metadata || Object.values(metadata).every((value) => value === undefined))
    return { bytes: printed, width: null, height: null, pages };
  const bytes = setPdfMetadata(printed, metadata);
  if (!bytes) throw run.fault('internal', 'The metadata could not be written into the PDF.');
  return { bytes, width: null, height: null, pages };
}

async function print({ page, run }: RenderPage, options: Partial<PdfOptions>): Promise<{ printed: Buffer; pages: number | null }> {
  try {
    const printed = await run.within(run.left(), page.pdf(printOptions(options)));
    return { printed, pages: countPdfPages(printed) };
  } catch (error) {
    if (error instanceof CaptureFault || !(error instanceof Error)) throw error;
    if (/Page range exceeds page count/.test(error.message))
      throw run.fault('action_failed', { instead: '`output.pdf.pageRanges` asks for pages that the document does not have.' });
    if (/invalid print parameters|content area is empty/i.test(error.message))
      throw run.fault('action_failed', { instead: '`output.pdf` describes no page that can be printed: check size, margins and scale.' });
    if (classifyPlaywrightError(error).kind === 'gone') throw run.fault('browser_crashed');
    throw error;
  }
}

function printOptions(options: Partial<PdfOptions>) {
  const { headerTemplate, footerTemplate, width, height, format, landscape, scale, pageRanges, preferCSSPageSize, tagged, outline } =
    options;
  const size = width !== undefined && height !== undefined ? { width, height } : { format: format ?? 'A4' };
  const displayHeaderFooter = headerTemplate !== undefined || footerTemplate !== undefined;
  return {
    ...size,
    landscape: landscape ?? false,
    scale: scale ?? 1,
    printBackground: options.printBackground ?? true,
    preferCSSPageSize: preferCSSPageSize ?? false,
    // Chromium makes the outline out of the tags.
    tagged: tagged === true || outline === true,
    outline: outline ?? false,
    ...(pageRanges === undefined ? {} : { pageRanges }),
    margin: marginsOf(options),
    // The one that is not given must be empty: Chromium would print the address and the date there.
    ...(displayHeaderFooter
      ? { displayHeaderFooter, headerTemplate: headerTemplate ?? EMPTY_TEMPLATE, footerTemplate: footerTemplate ?? EMPTY_TEMPLATE }
      : {}),
  };
}
