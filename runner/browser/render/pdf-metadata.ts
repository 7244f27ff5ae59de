/** What a PDF says about itself, for its readers. */
export type PdfMetadata = {
  title?: string | undefined;
  author?: string | undefined;
  subject?: string | undefined;
  keywords?: string | undefined;
};

const KEYS = { title: 'Title', author: 'Author', subject: 'Subject', keywords: 'Keywords' } as const;
const TAIL_BYTES = 2048;
const OBJECT_BYTES_MAX = 64 * 1024;

/**
 * Counts the pages of a PDF as Chromium writes them: classic cross-reference table, one page tree. Null when the file is
 * built in another way. Reads a few hundred bytes whatever the size of the file.
 */
export function countPdfPages(pdf: Buffer): number | null {
  const trailer = readTrailer(pdf);
  const root = trailer && readObject(pdf, trailer, trailer.root);
  const pages = root && /\/Pages (\d+) 0 R/.exec(root)?.[1];
  const tree = pages && trailer ? readObject(pdf, trailer, Number(pages)) : null;
  const count = tree && /\/Count (\d+)/.exec(tree)?.[1];
  return count ? Number(count) : null;
}

/**
 * Sets metadata by an incremental update (ISO 32000-1, 7.5.6): a new information dictionary and a cross-reference
 * section for it are appended, what is there stays as it is. This needs no PDF library, no second copy of a large file
 * in memory, and cannot damage a page. Null when the file is not built as Chromium builds them.
 */
export function setPdfMetadata(pdf: Buffer, metadata: PdfMetadata): Buffer | null {
  const trailer = readTrailer(pdf);
  const info = trailer && readObject(pdf, trailer, trailer.info);
  if (!trailer || !info) return null;
  const entries = Object.entries(KEYS).flatMap(([name, key]) => {
    const value = metadata[name === 'title' ? 'title' : name === 'author' ? 'author' : name === 'subject' ? 'subject' : 'keywords'];
    return value === undefined ? [] : [{ key, value }];
  });
  const kept = entries.reduce(
    (text, { key }) => text.replace(new RegExp(`/${key} ?(<[0-9A-Fa-f\\s]*>|\\((?:\\\\.|[^\\\\)])*\\))\\s*`), ''),
    info,
  );
  const body = kept.replace(/^<<\s*/, '').replace(/>>\s*$/, '');
  const object = `\n${trailer.info} 0 obj\n<<${entries.map(({ key, value }) => `/${key} ${toHexText(value)}\n`).join('')}${body}>>\nendobj\n`;
  const tableAt = pdf.length + object.length;
  const objectAt = String(pdf.length + 1).padStart(10, '0');
  const table = `xref\n0 1\n0000000000 65535 f \n${trailer.info} 1\n${objectAt} 00000 n \ntrailer\n<</Size ${trailer.size}\n/Root ${trailer.root} 0 R\n/Info ${trailer.info} 0 R\n/Prev ${trailer.tableAt}>>\nstartxref\n${tableAt}\n%%EOF\n`;
  return Buffer.concat([pdf, Buffer.from(object + table, 'latin1')]);
}

type Trailer = { tableAt: number; size: number; root: number; info: number };

function readTrailer(pdf: Buffer): Trailer | null {
  const tail = pdf.toString('latin1', Math.max(0, pdf.length - TAIL_BYTES));
  const match = /trailer\s*<<(.*?)>>\s*startxref\s+(\d+)\s+%%EOF\s*$/s.exec(tail);
  const number = (pattern: RegExp) => Number(pattern.exec(match?.[1] ?? '')?.[1] ?? Number.NaN);
  const trailer = {
    tableAt: Number(match?.[2] ?? Number.NaN),
    size: number(/\/Size (\d+)/),
    root: number(/\/Root (\d+) 0 R/),
    info: number(/\/Info (\d+) 0 R/),
  };
  return Object.values(trailer).every(Number.isInteger) ? trailer : null;
}

/** Reads a dictionary object by its number: from `N 0 obj` to `endobj`. */
function readObject(pdf: Buffer, trailer: Trailer, id: number): string | null {
  const head = /^xref\s+0 (\d+)\s+/.exec(pdf.toString('latin1', trailer.tableAt, trailer.tableAt + 64));
  if (!head || id >= Number(head[1])) return null;
  // Each entry of the table is exactly 20 bytes long.
  const entryAt = trailer.tableAt + head[0].length + id * 20;
  const offset = Number.parseInt(pdf.toString('latin1', entryAt, entryAt + 10), 10);
  if (!Number.isInteger(offset)) return null;
  const text = pdf.toString('latin1', offset, offset + OBJECT_BYTES_MAX);
  return new RegExp(`^${id} 0 obj\\s*(<<.*?>>)\\s*endobj`, 's').exec(text)?.[1] ?? null;
}

/** PDF text in UTF-16 with its byte order mark, written in hex: no character needs escaping and none is lost. */
function toHexText(value: string): string {
  return `<FEFF${Buffer.from(value, 'utf16le').swap16().toString('hex').toUpperCase()}>`;
}
