import { expect, test } from 'vitest';
import { lengthPx, PAPER_FORMATS, PAPER_PX, pdfSchema } from './output.ts';

const fault = (pdf: unknown) => {
  const issue = pdfSchema.safeParse(pdf).error?.issues[0];
  return issue ? `${issue.path.join('.')}: ${issue.message}` : null;
};

test.each([
  {},
  { format: 'A4', landscape: true },
  { width: '10in', height: '200mm', margin: { top: '1cm', bottom: 10 } },
  { pageRanges: '1' },
  { headerTemplate: '<p>x</p>', margin: { top: '10mm', bottom: 0 } },
  { pageRanges: '1-3, 5, 7-' },
  { pageRanges: ' 2 - 2 ' },
  { footerTemplate: '<p>See <a href="https://example.com/terms">our terms</a></p>' },
  { headerTemplate: '<span class="title"></span> from https://app.example.com, page <span class="pageNumber"></span>' },
  { footerTemplate: '<img src="data:image/png;base64,AAAA"><style>p { background: url(data:image/png;base64,AA) }</style>' },
  { singlePage: true },
  { singlePage: true, landscape: true, format: 'A3', margin: { top: '10in', bottom: '10in' } },
  { singlePage: true, width: '100mm' },
  { metadata: { title: 'Report', keywords: 'a, b' } },
])('%j makes a page', (pdf) => {
  expect(fault(pdf)).toBeNull();
});

test.each([
  [{ format: 'a4' }, /^format:/],
  [{ format: 'A4', width: 100, height: 100 }, /^format: contradicts/],
  [{ width: 100 }, /^height: is missing/],
  [{ height: 100 }, /^width: is missing/],
  [{ width: 10, height: 100 }, /^width: is too small/],
  [{ width: '10pt', height: 100 }, /^width/],
  [{ width: '-1cm', height: 100 }, /^width/],
  [{ margin: { left: '105mm', right: '106mm' } }, /^margin: leaves no width/],
  [{ landscape: true, margin: { top: '105mm', bottom: '106mm' } }, /^margin: leaves no height/],
  [{ margin: { top: '-1mm' } }, /^margin/],
  [{ headerTemplate: '<p>x</p>', margin: { top: 0 } }, /^margin: .top leaves no room for `headerTemplate`.*15mm/],
  [{ footerTemplate: '<p>x</p>', margin: { bottom: '5mm' } }, /^margin: .bottom leaves no room for `footerTemplate`/],
  [{ margin: { top: '10%' } }, /^margin/],
  [{ pageRanges: '3-1' }, /^pageRanges: has a range/],
  [{ pageRanges: '0' }, /^pageRanges: has a range/],
  [{ pageRanges: '1,,2' }, /^pageRanges: must look like/],
  [{ pageRanges: 'all' }, /^pageRanges: must look like/],
  [{ pageRanges: '' }, /^pageRanges: must look like/],
  [{ singlePage: true, width: 100, height: 100 }, /^height: contradicts `singlePage`/],
  [{ singlePage: true, pageRanges: '1' }, /^pageRanges: contradicts `singlePage`/],
  [{ singlePage: true, preferCSSPageSize: true }, /^preferCSSPageSize: contradicts `singlePage`/],
  [{ singlePage: true, landscape: true, width: 100 }, /^landscape: contradicts `width`/],
  [{ singlePage: true, width: 20 }, /^width: is too small/],
  [{ singlePage: true, format: 'A4', width: 100 }, /^format: contradicts/],
  [{ scale: 0.05 }, /^scale/],
  [{ scale: 2.1 }, /^scale/],
])('%j is refused', (pdf, why) => {
  expect(fault(pdf)).toMatch(why);
});

test.each([
  '<img src="https://evil.example/x.png">',
  '<img src=//evil.example/x.png>',
  '<IMG SRC = "HTTP://evil.example/x.png">',
  '<img srcset="https://evil.example/x.png 1x">',
  '<img src="&#104;ttps://evil.example/x.png">',
  '<img src="&#x68;ttps&colon;//evil.example/x.png">',
  '<img src="ht\ntps://evil.example/x.png">',
  '<img src="file:///etc/passwd">',
  '<svg><image xlink:href="https://evil.example/x.svg"/></svg>',
  '<table background="https://evil.example/x.png">',
  '<video poster="https://evil.example/x.png">',
  '<p style="background:url(https://evil.example/x)">',
  '<p style="background:url( \'//evil.example/x\' )">',
  '<p style="background:url(\\68ttps://evil.example/x)">',
  '<p style="background:image-set(\'https://evil.example/x\' 1x)">',
  '<style>@import "https://evil.example/x.css"</style>',
  '<script>fetch("x")</script>',
  '<iframe srcdoc="x">',
  '<object data="x">',
  '<embed src="x">',
  '<link rel="stylesheet" href="x">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '<base href="x">',
  '<p onclick="x()">',
  '<style>@\\69mport "https://evil.example/x.css"</style>',
  `<p title="<a href='"></p><svg><image href='https://evil.example/x.png'/></svg>`,
  `<svg><image title=">" href="https://evil.example/x.png"/></svg>`,
])('a header may not load or run: %s', (headerTemplate) => {
  expect(fault({ headerTemplate })).toMatch(/^headerTemplate: may not load remote content/);
});

test.each([
  [undefined, 0],
  [40, 40],
  ['40px', 40],
  ['1in', 96],
  ['2.54cm', 96],
  ['25.4mm', 96],
])('%s is %d pixels', (length, px) => {
  expect(lengthPx(length)).toBeCloseTo(px, 6);
});

test('every paper format has a size, portrait but for Ledger', () => {
  for (const name of PAPER_FORMATS) expect(PAPER_PX[name].width < PAPER_PX[name].height).toBe(name !== 'Ledger');
});
