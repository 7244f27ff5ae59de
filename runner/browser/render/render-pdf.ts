import { LIMITS } from '#shared/limits.ts';
import type { PdfOptions } from '#shared/output.ts';
import { CaptureFault } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { countPdfPages, setPdfMetadata } from './pdf-metadata.ts';
import type { Rendered, RenderPage } from './rendered.ts';

/** Room for a header or footer whose margin was left open: without any, Chromium prints it behind the page. */
const TEMPLATE_MARGIN = '15mm';
const EMPTY_TEMPLATE = '<span></span>';

/** Prints the document. The medium (print or screen) has been chosen before. */
export async function renderPdf(target: RenderPage): Promise<Rendered> {
  const { page, run } = target;
  const options: Partial<PdfOptions> = target.output.pdf ?? {};
  let printed: Buffer;
  try {
    printed = await run.within(run.left(), page.pdf(printOptions(options)));
  } catch (error) {
    if (error instanceof CaptureFault || !(error instanceof Error)) throw error;
    if (/Page range exceeds page count/.test(error.message))
      throw run.fault('action_failed', '`output.pdf.pageRanges` asks for pages that the document does not have.');
    if (/invalid print parameters|content area is empty/i.test(error.message))
      throw run.fault('action_failed', '`output.pdf` describes no page that can be printed: check size, margins and scale.');
    if (classifyPlaywrightError(error).kind === 'gone') throw run.fault('browser_crashed');
    throw error;
  }
  const pages = countPdfPages(printed);
  if (pages !== null && pages > LIMITS.pdfPagesMax)
    throw run.fault('output_too_large', `The document has ${pages} pages, ${LIMITS.pdfPagesMax} are allowed.`);
  const { metadata } = options;
  if (!metadata || Object.values(metadata).every((value) => value === undefined))
    return { bytes: printed, width: null, height: null, pages };
  const bytes = setPdfMetadata(printed, metadata);
  if (!bytes) throw run.fault('internal', 'The metadata could not be written into the PDF.');
  return { bytes, width: null, height: null, pages };
}

function printOptions(options: Partial<PdfOptions>) {
  const {
    headerTemplate,
    footerTemplate,
    margin,
    width,
    height,
    format,
    landscape,
    scale,
    pageRanges,
    preferCSSPageSize,
    tagged,
    outline,
  } = options;
  const size = width !== undefined && height !== undefined ? { width, height } : { format: format ?? 'A4' };
  const displayHeaderFooter = headerTemplate !== undefined || footerTemplate !== undefined;
  return {
    ...size,
    landscape: landscape ?? false,
    scale: scale ?? 1,
    printBackground: options.printBackground ?? true,
    preferCSSPageSize: preferCSSPageSize ?? false,
    tagged: tagged ?? false,
    outline: outline ?? false,
    ...(pageRanges === undefined ? {} : { pageRanges }),
    margin: {
      ...(headerTemplate === undefined ? {} : { top: TEMPLATE_MARGIN }),
      ...(footerTemplate === undefined ? {} : { bottom: TEMPLATE_MARGIN }),
      ...Object.fromEntries(Object.entries(margin ?? {}).filter(([, value]) => value !== undefined)),
    },
    // The one that is not given must be empty: Chromium would print the address and the date there.
    ...(displayHeaderFooter
      ? { displayHeaderFooter, headerTemplate: headerTemplate ?? EMPTY_TEMPLATE, footerTemplate: footerTemplate ?? EMPTY_TEMPLATE }
      : {}),
  };
}
