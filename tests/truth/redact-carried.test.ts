import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import { holds, readPdf } from './search-pdf.ts';

/** Values that a PDF carries beside the text that is laid out: behind links, in pictures, in canvases, in names of elements. */
const APP = 'https://app.example.com';
const MAIL = 'ann.secret@private.example';
const SVG = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="300" height="20"><text y="15">${MAIL}</text></svg>`)}`;
let site: TestSite;
let photo = Buffer.alloc(0);

/** What stands in a JPEG beside its picture: a note, data of the camera, bytes behind the end. */
const noted = (marker: number) => {
  const text = Buffer.from(`Exif\0\0${MAIL}`, 'latin1');
  const head = Buffer.from([0xff, marker, (text.length + 2) >> 8, (text.length + 2) & 255]);
  return Buffer.concat([photo.subarray(0, 2), head, text, photo.subarray(2)]);
};
const JPEGS: Record<string, () => Buffer> = {
  '/plain.jpg': () => photo,
  '/note.jpg': () => noted(0xfe),
  '/camera.jpg': () => noted(0xe1),
  '/behind.jpg': () => Buffer.concat([photo, Buffer.from(MAIL)]),
};
const drawOn = (when: string) =>
  `<canvas id="c" width="400" height="60"></canvas><script>const pen = c.getContext('2d'); const draw = () => { c.width = 400; pen.font = '20px sans-serif'; pen.fillText('${MAIL}', 5, 30) }; draw(); addEventListener('${when}', draw)</script>`;
const PAGES: Record<string, string> = {
  note: '<img src="/note.jpg">',
  camera: '<img src="/camera.jpg">',
  behind: '<img src="/behind.jpg">',
  background: '<div style="width: 100px; height: 60px; background: url(/camera.jpg)"></div>',
  inner: '<svg width="100" height="60"><image href="/camera.jpg" width="100" height="60"/></svg>',
  canvas: drawOn('beforeprint'),
  marker: `<style>li::marker { content: url("${SVG}") }</style><ul style="margin-left: 300px"><li>item</li></ul>`,
  label: `<x-pic style="display: block; width: 50px; height: 50px; background: red"></x-pic><script>customElements.define('x-pic', class extends HTMLElement { constructor() { super(); const inner = this.attachInternals(); inner.role = 'img'; inner.ariaLabel = '${MAIL}' } })</script>`,
  // The address of the page or of its base completes them.
  [`empty/${MAIL}`]: '<a href="">self</a>',
  [`drawn/${MAIL}`]: '<svg width="300" height="40"><a href="?tab=2"><text y="20">tab</text></a></svg>',
  [`old/${MAIL}`]: '<svg width="300" height="40"><a xlink:href=""><text y="20">self</text></a></svg>',
  base: `<base href="${APP}/u/${MAIL}/"><svg width="300" height="40"><a href="tab"><text y="20">tab</text></a></svg>`,
};
const chips = (...values: string[]) =>
  `<p>${values.map((value) => `<span style="margin: 4px; padding: 2px">${value}</span>`).join('')}</p>`;
const ROWS: Record<string, [string, string]> = {
  email: [chips(MAIL, 'bob.other@private.example'), 'private'],
  card: [chips('4111111111111111', '5500000000000004'), '1111'],
  iban: [chips('DE89370400440532013000', 'GB82WEST12345698765432'), 'WEST'],
  phone: [`<b>Tel</b>${chips('+49 30 901820', '+49 30 901821')}`, '9018'],
};

beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    const jpeg = JPEGS[path];
    if (jpeg) return { headers: { 'content-type': 'image/jpeg' }, body: jpeg() };
    const name = decodeURIComponent(path.slice(1).split('?')[0] ?? '');
    if (name === 'photo') return html('<body style="background: teal">');
    if (name === 'date') return html('<title>t</title><input type="date" value="1979-03-04"><input type="time" value="13:37"><p>end</p>');
    if (name === 'plain') return html('<title>t</title><img src="/plain.jpg"><p>end</p>');
    const body = PAGES[name] ?? ROWS[name]?.[0];
    return body === undefined ? null : html(`<title>t</title>${body}<p>end</p>`);
  });
  const clip = { x: 0, y: 0, width: 100, height: 60 };
  const result = await site.capture({ url: `${APP}/photo`, output: { format: 'jpeg', clip } });
  photo = await readFile(result.ok ? result.file : expect.fail(result.failure.detail));
});
afterAll(() => site.close());

type Rules = Parameters<TestSite['capture']>[0]['redact'];
async function print(path: string, redact: Rules): Promise<string> {
  const output = { format: 'pdf' as const, pdf: { tagged: true, outline: true, printBackground: true } };
  const result = await site.capture({ url: `${APP}/${path}`, waitUntil: 'load', redact, output });
  const file = result.ok ? result.file : expect.fail(result.failure.detail);
  return `${await readPdf(file)}${(await readFile(file)).toString('latin1')}`;
}

describe('values that a PDF carries', () => {
  it.each(Object.keys(PAGES))('are in no byte of it: %s', async (name) => {
    expect(holds(await print(name, []), MAIL)).toBe(true);
    const said = await print(name, [{ pattern: 'email' }]);
    expect(said).not.toMatch(/secret|private\.example/);
    expect(said).toContain('end');
  });

  it('leave a JPEG that carries nothing as it is', async () => {
    const inPdf = (said: string) => said.includes(photo.subarray(-40).toString('latin1'));
    expect(inPdf(await print('plain', [{ pattern: 'email' }]))).toBe(true);
    expect(inPdf(await print('note', [{ pattern: 'email' }]))).toBe(false);
  });
});

describe('values side by side', () => {
  it.each(Object.keys(ROWS))('are found each where only a margin keeps them apart: %s', async (name) => {
    const pattern = name === 'card' || name === 'iban' || name === 'phone' ? name : 'email';
    const piece = ROWS[name]?.[1] ?? '';
    expect(await print(name, [])).toContain(piece);
    const said = await print(name, [{ pattern }]);
    expect(said).toContain('████');
    expect(said).not.toContain(piece);
  });

  it.each([
    ['\\d{2}/\\d{2}/\\d{4}', '03/04/1979'],
    ['1979-03-04', '03/04/1979'],
  ])('a field is emptied by the form that it shows or that it holds: %s', async (regex, shown) => {
    expect(await print('date', [])).toContain(shown);
    expect(await print('date', [{ regex }])).not.toContain(shown);
  });
});
