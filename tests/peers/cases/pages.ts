/** Small pages that many cases share. Colors are CSS colors; sizes are CSS pixels. */

/** A page without margins whose body is this. */
export const bare = (body: string, css = '') => `<!doctype html><title>Case</title><style>body{margin:0}${css}</style>${body}`;

/** A block of one color. */
export const box = (color: string, width = 100, height = 100, more = '') =>
  `<div ${more} style="background:${color};width:${width}px;height:${height}px"></div>`;

/** Twelve sheets of paper: each heading begins a new page. */
export const TWELVE = bare(
  Array.from({ length: 12 }, (_, index) => `<h1 style="break-after:${index < 11 ? 'page' : 'auto'}">Page ${index + 1}</h1>`).join(''),
);
export const ONE = bare('<h1>Page 1</h1>');

/** Shows "late text" after so many milliseconds, with a mark and a variable that waits can ask for. */
export const late = (ms: number) =>
  bare(
    `<p>first text</p><script>setTimeout(() => { window.mark = 'ready'; document.body.insertAdjacentHTML('beforeend', '<div id="late">late text</div>'); }, ${ms})</script>`,
  );

/** Says which medium and which preferences the styles see. */
export const MEDIA = bare(
  '<p class="screen">medium screen</p><p class="print">medium print</p><p class="still">motion reduced</p><p class="dark">scheme dark</p>',
  `p{display:none}@media screen{.screen{display:block}}@media print{.print{display:block}}
   @media (prefers-reduced-motion: reduce){.still{display:block}}@media (prefers-color-scheme: dark){.dark{display:block}}`,
);

export const PDF = { format: 'pdf' } as const;
export const PNG = { format: 'png' } as const;
export const SMALL = { width: 100, height: 100 } as const;
export const RED = '#ff0000';
export const GREEN = '#00ff00';
export const BLUE = '#0000ff';
export const BLACK = '#000000';
export const WHITE = '#ffffff';
