import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { selectorSchema } from './selector.ts';
import { strict } from './strict.ts';

const clipSchema = strict({ x: z.number().min(0), y: z.number().min(0), width: z.number().positive(), height: z.number().positive() });
const COLOR =
  /^(#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|[a-z]{3,30}|(rgb|hsl)a?\([\d\s.,%/]+\)|(hwb|lab|lch|oklab|oklch)\([\d\s.,%/-]+\))$/i;

/** What may be said of pictures and, but for `expandScrollContainers`, not of PDFs. Lengths are CSS pixels. */
export const PICTURE_FIELDS = {
  fullPage: z.boolean().optional(),
  expandScrollContainers: z
    .boolean()
    .optional()
    .describe('Opens inner scroll areas to their whole height. Default: true with `fullPage` and for pdf, else false.'),
  selector: selectorSchema.optional(),
  selectors: z
    .array(selectorSchema)
    .min(1)
    .max(LIMITS.pictureSelectorsMax)
    .optional()
    .describe('Several elements, each matched once: the smallest rectangle that holds them all.'),
  frame: selectorSchema.optional().describe('The frame in which `selector` or `selectors` are looked for.'),
  padding: z.int().min(0).max(LIMITS.paddingPxMax).optional().describe('CSS pixels of the page shown around the element or elements.'),
  clip: clipSchema.optional(),
  omitBackground: z.boolean().optional().describe('png and webp only.'),
  scale: z.enum(['css', 'device']).optional().describe('Default css: one image pixel for each CSS pixel.'),
  animations: z.enum(['disabled', 'allow']).optional(),
  caret: z.enum(['hide', 'initial']).optional().describe('Default hide: no blinking text caret.'),
  style: z.string().min(1).max(LIMITS.scriptCharsMax).optional().describe('CSS for the picture only, in every frame and shadow root.'),
  mask: z.array(selectorSchema).max(50).optional(),
  maskColor: z.string().max(100).regex(COLOR, 'must be a CSS color such as "#ff00ff", "black" or "rgb(0 0 0)"').optional(),
  maxHeight: z.int().min(1).max(LIMITS.heightPxMax).optional(),
  compression: z
    .enum(['fast', 'small'])
    .optional()
    .describe('png only. Default fast; small has the same pixels in fewer bytes for more processor time.'),
};

type Picture = { [key in keyof typeof PICTURE_FIELDS]?: z.infer<(typeof PICTURE_FIELDS)[key]> } & { format: string };
/** Calls `refuse` for every option that contradicts another or the format. */
export function refuseContradictions(output: Picture, refuse: (key: string, message: string) => void): void {
  if (output.format === 'pdf') {
    for (const [key, value] of Object.entries(output))
      if (key in PICTURE_FIELDS && key !== 'expandScrollContainers' && value !== undefined && value !== false)
        refuse(key, 'is not for pdf: a PDF always holds the whole document (see `output.pdf`)');
    return;
  }
  const byElement = output.selector !== undefined || output.selectors !== undefined;
  if (output.omitBackground && output.format === 'jpeg') refuse('omitBackground', 'is not for jpeg: it has no transparency');
  if (output.compression !== undefined && output.format !== 'png') refuse('compression', 'is for png only: use `quality`');
  if (output.selector !== undefined && output.selectors !== undefined) refuse('selectors', 'contradicts `selector`: give one of them');
  if (byElement && output.clip)
    refuse('clip', `contradicts \`${output.selector === undefined ? 'selectors' : 'selector'}\`: give one of them`);
  if (output.fullPage && byElement)
    refuse('fullPage', `contradicts \`${output.selector === undefined ? 'selectors' : 'selector'}\`: an element is always captured whole`);
  if (output.fullPage && output.clip) refuse('fullPage', 'contradicts `clip`: a clip may lie anywhere on the page');
  if (output.padding !== undefined && !byElement) refuse('padding', 'goes with `selector` or `selectors` only');
  if (output.frame !== undefined && !byElement) refuse('frame', 'goes with `selector` or `selectors` only');
  if (output.maskColor !== undefined && !output.mask?.length) refuse('maskColor', 'goes with `mask` only');
}
