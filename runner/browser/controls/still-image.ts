/**
 * Makes a still picture of an animated one: its first frame, cut out of the file without decoding. Null when the file is
 * not animated, or not one of GIF, APNG and WebP. An animated AVIF is left as it is.
 */
export function stillImage(bytes: Buffer): Buffer | null {
  if (bytes.length < 30) return null;
  if (bytes.toString('latin1', 0, 4) === 'GIF8') return stillGif(bytes);
  if (bytes.readUInt32BE(0) === 0x89504e47) return stillPng(bytes);
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') return stillWebp(bytes);
  return null;
}

const GIF = { image: 0x2c, extension: 0x21, trailer: 0x3b };

function stillGif(bytes: Buffer): Buffer | null {
  const colors = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  const skipBlocks = (from: number): number => {
    let at = from;
    for (let size = bytes[at] ?? 0; size > 0; size = bytes[at] ?? 0) at += size + 1;
    return at + 1;
  };
  let at = 13 + colors(bytes[10] ?? 0);
  let firstEnd: number | null = null;
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind === GIF.extension) at = skipBlocks(at + 2);
    else if (kind === GIF.image) {
      if (firstEnd !== null) return Buffer.concat([bytes.subarray(0, firstEnd), Buffer.from([GIF.trailer])]);
      at = skipBlocks(at + 11 + colors(bytes[at + 9] ?? 0));
      firstEnd = at;
    } else return null;
  }
  return null;
}

function stillPng(bytes: Buffer): Buffer | null {
  const kept: Buffer[] = [bytes.subarray(0, 8)];
  let isAnimated = false;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at);
    const kind = bytes.toString('latin1', at + 4, at + 8);
    if (kind === 'acTL') isAnimated = true;
    else if (kind !== 'fcTL' && kind !== 'fdAT') kept.push(bytes.subarray(at, end));
    at = end;
  }
  return isAnimated ? Buffer.concat(kept) : null;
}

function stillWebp(bytes: Buffer): Buffer | null {
  if (bytes.toString('latin1', 12, 16) !== 'VP8X') return null;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32LE(at + 4);
    if (bytes.toString('latin1', at, at + 4) === 'ANMF') {
      const frame = bytes.subarray(at + 8, at + 8 + size);
      const header = Buffer.from(bytes.subarray(12, 30));
      header.writeUInt8((header[8] ?? 0) & ~0x02, 8);
      frame.copy(header, 12, 6, 12); // The picture is as large as its one frame.
      const body = Buffer.concat([Buffer.from('WEBP', 'latin1'), header, frame.subarray(16)]);
      const riff = Buffer.alloc(8);
      riff.write('RIFF', 'latin1');
      riff.writeUInt32LE(body.length, 4);
      return Buffer.concat([riff, body]);
    }
    at += 8 + size + (size & 1);
  }
  return null;
}
