const TAIL_BYTES = 4096;
const DATE = /\/(CreationDate|ModDate) ?\((D:\d{14}[^)]*)\)/g;

/**
 * Writes a fixed instant over the dates of a PDF, in place and in the same number of bytes, and zeros over the
 * identifiers of its trailer. Two prints of one page are then one file. `time` is milliseconds since the epoch. Chromium
 * writes its information dictionary at the start of a file; an update that was appended has its own at the end.
 */
export function fixPdfDates(pdf: Buffer, time: number): Buffer {
  const instant = `D:${new Date(time).toISOString().replace(/\D/g, '').slice(0, 14)}`;
  const fixed = Buffer.from(pdf);
  const ends = new Set([0, Math.max(0, fixed.length - TAIL_BYTES)]);
  for (const start of ends) {
    const text = fixed.toString('latin1', start, start + TAIL_BYTES);
    for (const match of text.matchAll(DATE)) {
      const value = match[2] ?? '';
      fixed.write(instant, start + match.index + match[0].indexOf(value), 'latin1');
    }
    for (const match of text.matchAll(/\/ID\s*\[\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*\]/g)) {
      const zeros = match[0].replace(/<[0-9A-Fa-f]+>/g, (id) => `<${'0'.repeat(id.length - 2)}>`);
      fixed.write(zeros, start + match.index, 'latin1');
    }
  }
  return fixed;
}
