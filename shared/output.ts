import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { PICTURE_FIELDS, refuseContradictions } from './picture-options.ts';
import { strict } from './strict.ts';

export const FORMATS = ['png', 'jpeg', 'webp', 'pdf'] as const;
export type Format = (typeof FORMATS)[number];
export const CONTENT_TYPES: Record<Format, string> = { png: 'image/png', jpeg: 'image/jpeg', webp: 'image/webp', pdf: 'application/pdf' };
export const EXTENSIONS: Record<Format, string> = { png: 'png', jpeg: 'jpg', webp: 'webp', pdf: 'pdf' };

export const PAPER_FORMATS = ['Letter', 'Legal', 'Tabloid', 'Ledger', 'A0', 'A1', 'A2', 'A3', 'A4', 'A5', 'A6'] as const;
const length = z
  .union([
    z.number().min(0).max(100_000),
    z.string().regex(/^\d+(\.\d+)?(px|in|cm|mm)$/, 'must be a number of CSS pixels or a length such as "10mm", "1in", "2cm", "40px"'),
  ])
  .describe('CSS pixels as a number, or a string with px, in, cm or mm.');

export const PAGE_RANGES = /^\s*\d+\s*(-\s*\d*\s*)?(,\s*\d+\s*(-\s*\d*\s*)?)*$/;
const LOADS =
  /\b(?:src|srcset|poster|background|data|action)\s*=\s*["']?\s*(?:https?:|\/\/|file:)|(?:url|image-set|src)\(\s*["']?\s*(?:https?:|\/\/|file:|\\)|@import|<\s*(?:script|i?frame|object|embed|link|meta|base|form)\b|\son\w+\s*=/i;

/** A link loads nothing. Whether an address is one of a link cannot be told without a parser: so no element that loads by `href` may be there. */
const REMOTE_HREF = /\bhref\s*=\s*["']?\s*(?:https?:|\/\/|file:)/i;
const LOADS_BY_HREF = /<\s*(?:[a-z]+:)?(?:image|use|feimage|mpath|textpath|pattern|filter|\w*gradient|set|animate\w*|discard)\b/i;
const CSS_ESCAPE = /\\([0-9a-f]{1,6})\s?/gi;
function fromCodePoint(_all: string, hex: string): string {
  const point = Number.parseInt(hex, 16);
  return point <= 0x10ffff ? String.fromCodePoint(point) : '';
}

/** Tells whether a print template would load something or run a script, also when written in character references. */
function isActive(html: string): boolean {
  const decoded = html
    .replace(/&#(x?)([0-9a-f]{1,6});?/gi, (_all, hex: string, code: string) => {
      return fromCodePoint('', Number.parseInt(code, hex ? 16 : 10).toString(16));
    })
    .replace(/&(?:colon|sol|Tab|NewLine);/gi, (name) => ({ '&colon;': ':', '&sol;': '/' })[name.toLowerCase()] ?? '')
    .replace(/[\t\n\r]/g, '');
  // Style sheets may write letters as escapes.
  return [html, decoded, decoded.replace(CSS_ESCAPE, fromCodePoint)].some(
    (text) => LOADS.test(text) || (REMOTE_HREF.test(text) && LOADS_BY_HREF.test(text)),
  );
}

const template = z
  .string()
  .max(LIMITS.textCharsMax)
  .refine((html) => !isActive(html), 'may not load remote content or hold scripts and frames: use inline styles and data: images');

export const pdfSchema = strict({
  format: z.enum(PAPER_FORMATS).optional().describe('Paper size; default A4 unless `width` and `height` are given.'),
  width: length.optional(),
  height: length.optional(),
  landscape: z.boolean().default(false),
  margin: strict({ top: length.optional(), right: length.optional(), bottom: length.optional(), left: length.optional() }).optional(),
  printBackground: z.boolean().default(true),
  headerTemplate: template.optional(),
  footerTemplate: template.optional(),
  pageRanges: z.string().max(200).regex(PAGE_RANGES, 'must look like "1-3, 5"').optional(),
  scale: z.number().min(0.1).max(2).default(1),
  preferCSSPageSize: z.boolean().default(false),
  tagged: z.boolean().default(false),
  outline: z.boolean().default(false).describe('Made of the headings; brings `tagged` with it.'),
  singlePage: z.boolean().default(false).describe('One page as high as the content, at the width of the paper.'),
  metadata: strict({
    title: z.string().max(500).optional(),
    author: z.string().max(500).optional(),
    subject: z.string().max(500).optional(),
    keywords: z.string().max(1000).optional(),
  }).optional(),
}).superRefine((pdf, context) => {
  const fault = pdfFault(pdf);
  if (fault) context.addIssue({ code: 'custom', path: [fault.key], message: fault.message });
});
export type PdfOptions = z.infer<typeof pdfSchema>;

/** Side lengths of the paper formats in CSS pixels (96 to the inch), portrait. */
export const PAPER_PX: Record<(typeof PAPER_FORMATS)[number], { width: number; height: number }> = {
  Letter: { width: 816, height: 1056 },
  Legal: { width: 816, height: 1344 },
  Tabloid: { width: 1056, height: 1632 },
  Ledger: { width: 1632, height: 1056 },
  A0: { width: 3178, height: 4494 },
  A1: { width: 2245, height: 3179 },
  A2: { width: 1587, height: 2245 },
  A3: { width: 1123, height: 1587 },
  A4: { width: 794, height: 1123 },
  A5: { width: 559, height: 794 },
  A6: { width: 397, height: 559 },
};

/** Width of the paper in CSS pixels, as it lies. Its height counts for nothing where a page is as high as its content. */
export function paperWidthPx(pdf: {
  format?: keyof typeof PAPER_PX | undefined;
  width?: number | string | undefined;
  landscape?: boolean | undefined;
}): number {
  if (pdf.width !== undefined) return lengthPx(pdf.width);
  const paper = PAPER_PX[pdf.format ?? 'A4'];
  return pdf.landscape ? paper.height : paper.width;
}

/** One line of the smallest text that can be read, and the space that Chromium keeps above and below it. */
const TEMPLATE_MARGIN_PX_MIN = 24;
const PX_PER_UNIT: Record<string, number> = { px: 1, in: 96, cm: 96 / 2.54, mm: 96 / 25.4 };

/** Converts a length of the contract to CSS pixels. */
export function lengthPx(value: number | string | undefined): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const match = /^([\d.]+)(px|in|cm|mm)$/.exec(value);
  return match ? Number(match[1]) * (PX_PER_UNIT[match[2] ?? 'px'] ?? 1) : 0;
}

function pdfFault(pdf: {
  format?: keyof typeof PAPER_PX;
  width?: number | string;
  height?: number | string;
  landscape: boolean;
  singlePage: boolean;
  preferCSSPageSize: boolean;
  margin?: Record<string, number | string | undefined>;
  pageRanges?: string;
  headerTemplate?: string;
  footerTemplate?: string;
}): { key: string; message: string } | null {
  if (pdf.format && (pdf.width !== undefined || pdf.height !== undefined))
    return { key: 'format', message: 'contradicts `width` and `height`: give one or the other' };
  if (pdf.singlePage) {
    const refused = singlePageFault(pdf);
    if (refused) return refused;
  } else if ((pdf.width === undefined) !== (pdf.height === undefined))
    return { key: pdf.width === undefined ? 'width' : 'height', message: 'is missing: a custom size needs both `width` and `height`' };
  const paper = pdf.width !== undefined ? { width: lengthPx(pdf.width), height: lengthPx(pdf.height) } : PAPER_PX[pdf.format ?? 'A4'];
  const size = pdf.singlePage
    ? { width: paperWidthPx(pdf), height: LIMITS.pdfSidePxMax }
    : pdf.landscape
      ? { width: paper.height, height: paper.width }
      : paper;
  if (size.width < 40 || size.height < 40)
    return { key: pdf.width !== undefined ? 'width' : 'format', message: 'is too small to make a page' };
  if (lengthPx(pdf.margin?.left) + lengthPx(pdf.margin?.right) >= size.width)
    return { key: 'margin', message: 'leaves no width for the page' };
  if (lengthPx(pdf.margin?.top) + lengthPx(pdf.margin?.bottom) >= size.height)
    return { key: 'margin', message: 'leaves no height for the page' };
  for (const [side, template] of [
    ['top', 'headerTemplate'],
    ['bottom', 'footerTemplate'],
  ] as const) {
    const margin = pdf.margin?.[side];
    // Chromium prints them into the margin, and what has no room there lies behind the page, unseen.
    if (pdf[template] !== undefined && margin !== undefined && lengthPx(margin) < TEMPLATE_MARGIN_PX_MIN)
      return {
        key: 'margin',
        message: `.${side} leaves no room for \`${template}\`, which is printed inside of it: give at least ${TEMPLATE_MARGIN_PX_MIN}px, or leave \`margin.${side}\` out for 15mm`,
      };
  }
  for (const range of (pdf.pageRanges ?? '').split(',').filter(Boolean)) {
    const [from, to] = range.split('-').map((text) => Number(text.trim() || 'NaN'));
    if (from === 0 || (to !== undefined && !Number.isNaN(to) && from !== undefined && to < from))
      return { key: 'pageRanges', message: 'has a range that ends before it starts, or page 0' };
  }
  return null;
}

function singlePageFault(pdf: { width?: unknown; height?: unknown; landscape: boolean; preferCSSPageSize: boolean; pageRanges?: string }) {
  if (pdf.height !== undefined) return { key: 'height', message: 'contradicts `singlePage`: the page is as high as its content' };
  if (pdf.pageRanges !== undefined) return { key: 'pageRanges', message: 'contradicts `singlePage`: there is one page only' };
  if (pdf.preferCSSPageSize)
    return { key: 'preferCSSPageSize', message: 'contradicts `singlePage`: the page is as high as its content, whatever `@page` says' };
  if (pdf.landscape && pdf.width !== undefined)
    return { key: 'landscape', message: 'contradicts `width` with `singlePage`: give the width that the page is to have' };
  return null;
}

/** What is made of the page. Switching `format` is enough to get another kind; `pdf` is read for PDFs only. */
export const outputSchema = strict({
  format: z.enum(FORMATS),
  ...PICTURE_FIELDS,
  quality: z.int().min(1).max(100).optional().describe('jpeg and webp only; default 80.'),
  pdf: pdfSchema.optional(),
})
  .superRefine((output, context) => {
    const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    refuseContradictions(output, refuse);
    if (output.quality !== undefined && output.format !== 'jpeg' && output.format !== 'webp')
      refuse('quality', 'is for jpeg and webp only');
  })
  .meta({ id: 'Output' });
export type Output = z.infer<typeof outputSchema>;
