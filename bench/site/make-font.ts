/**
 * Makes a TrueType font whose letter A is a solid square of the whole em, so that one pixel tells whether a page was
 * pictured with its web font or with a fallback. Every other character is empty.
 */
export function makeBlockFont(family: string): Buffer {
  const tables: Record<string, Buffer> = {
    'OS/2': makeOs2(),
    cmap: makeCmap(),
    glyf: makeGlyf(),
    head: makeHead(),
    hhea: shorts([1, 0, 1000, 0, 0, 1000, 0, 0, 1000, 1, 0, 0, 0, 0, 0, 0, 0, 2]),
    hmtx: shorts([1000, 0, 1000, 0]),
    loca: shorts([0, 0, makeGlyf().length / 2]),
    maxp: shorts([1, 0, 2, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
    name: makeName(family),
    post: Buffer.concat([longs([0x0003_0000, 0]), shorts([0, 0]), longs([0, 0, 0, 0, 0])]),
  };
  const names = Object.keys(tables).sort();
  const header = [longs([0x0001_0000]), shorts([names.length, 128, 3, names.length * 16 - 128])];
  let offset = 12 + names.length * 16;
  const bodies: Buffer[] = [];
  for (const name of names) {
    const table = tables[name] ?? Buffer.alloc(0);
    header.push(Buffer.from(name.padEnd(4)), longs([checksum(table), offset, table.length]));
    const padded = Buffer.concat([table, Buffer.alloc((4 - (table.length % 4)) % 4)]);
    bodies.push(padded);
    offset += padded.length;
  }
  return Buffer.concat([...header, ...bodies]);
}

/** One contour of four points, all on the curve: (0,0) (0,1000) (1000,1000) (1000,0). */
function makeGlyf(): Buffer {
  const head = shorts([1, 0, 0, 1000, 1000, 3, 0]);
  const flags = Buffer.from([1, 1, 1, 1]);
  return Buffer.concat([head, flags, shorts([0, 0, 1000, 0]), shorts([0, 1000, 0, -1000])]);
}

function makeHead(): Buffer {
  const dates = Buffer.alloc(16);
  return Buffer.concat([
    longs([0x0001_0000, 0x0001_0000, 0, 0x5f0f_3cf5]),
    shorts([0, 1000]),
    dates,
    shorts([0, 0, 1000, 1000, 0, 8, 2, 0, 0]),
  ]);
}

/** Format 4 with the one segment `A` → glyph 1. */
function makeCmap(): Buffer {
  const a = 'A'.charCodeAt(0);
  const body = shorts([4, 32, 0, 4, 4, 1, 0, a, 0xffff, 0, a, 0xffff, 1 - a, 1, 0, 0]);
  return Buffer.concat([shorts([0, 1, 3, 1]), longs([12]), body]);
}

function makeOs2(): Buffer {
  const upTo = shorts([4, 1000, 400, 5, 0, 500, 500, 0, 0, 500, 500, 0, 0, 50, 300, 0]);
  return Buffer.concat([
    upTo,
    Buffer.alloc(10),
    longs([1, 0, 0, 0]),
    Buffer.from('BNCH'),
    shorts([0x40, 65, 65, 1000, 0, 0, 1000, 0]),
    longs([1, 0]),
    shorts([500, 1000, 0, 32, 0]),
  ]);
}

function makeName(family: string): Buffer {
  const texts: readonly (readonly [number, string])[] = [
    [1, family],
    [2, 'Regular'],
    [4, family],
    [6, family],
  ];
  const strings = texts.map(([, text]) => Buffer.from(text, 'utf16le').swap16());
  let at = 0;
  const records = texts.map(([id], index) => {
    const { length } = strings[index] ?? { length: 0 };
    const record = shorts([3, 1, 0x409, id, length, at]);
    at += length;
    return record;
  });
  return Buffer.concat([shorts([0, texts.length, 6 + texts.length * 12]), ...records, ...strings]);
}

function checksum(table: Buffer): number {
  const padded = Buffer.concat([table, Buffer.alloc((4 - (table.length % 4)) % 4)]);
  let sum = 0;
  for (let at = 0; at < padded.length; at += 4) sum = (sum + padded.readUInt32BE(at)) >>> 0;
  return sum;
}

function shorts(values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) buffer.writeUInt16BE(value & 0xffff, index * 2);
  return buffer;
}

function longs(values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) buffer.writeUInt32BE(value >>> 0, index * 4);
  return buffer;
}
