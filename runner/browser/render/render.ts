import { fixPdfDates } from './fix-pdf-dates.ts';
import { renderImage } from './render-image.ts';
import { renderPdf } from './render-pdf.ts';
import type { Rendered, RenderPage } from './rendered.ts';

const SMALLER: Record<RenderPage['output']['format'], string> = {
  png: 'Capture a part of the page, or choose jpeg or webp.',
  jpeg: 'Capture a part of the page, or lower `output.quality`.',
  webp: 'Capture a part of the page, or lower `output.quality`.',
  pdf: 'Print fewer pages with `output.pdf.pageRanges`, or keep large pictures off the paper with `hide`.',
};

/** Makes the picture or the PDF that was asked for. Throws `output_too_large` and other faults of the catalogue. */
export async function render(target: RenderPage): Promise<Rendered> {
  const rendered = target.output.format === 'pdf' ? await renderPdf(target) : await renderImage(target);
  if (rendered.bytes.length > target.bytesMax)
    throw target.run.fault('output_too_large', {
      instead: `The result has ${rendered.bytes.length} bytes, ${target.bytesMax} are allowed. ${SMALLER[target.output.format]}`,
    });
  const { pdfTime } = target;
  if (target.output.format !== 'pdf' || pdfTime === null || pdfTime === undefined) return rendered;
  return { ...rendered, bytes: fixPdfDates(rendered.bytes, pdfTime) };
}
