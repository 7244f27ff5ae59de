import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';
import { stillImage } from './still-image.ts';

let site: TestSite;
beforeAll(async () => {
  site = await startTestSite(() => html('<h1>x</h1>'));
});
afterAll(() => site.close());

/** What the browser sees: the size, the first pixel, and whether it takes the file for an animation. */
async function decode(bytes: Buffer, type: string): Promise<unknown> {
  const context = await site.browser.newContext({ ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    await page.goto('https://app.example.com/');
    const url = `data:${type};base64,${bytes.toString('base64')}`;
    return await page.evaluate(`(async () => {
      const image = new Image(); image.src = '${url}'; await image.decode();
      const canvas = document.createElement('canvas'); const pen = canvas.getContext('2d'); pen.drawImage(image, 0, 0);
      const decoder = new ImageDecoder({ type: '${type}', data: await (await fetch('${url}')).arrayBuffer() }); await decoder.tracks.ready;
      return { width: image.naturalWidth, pixel: [...pen.getImageData(0, 0, 1, 1).data], frames: decoder.tracks.selectedTrack.frameCount };
    })()`);
  } finally {
    await context.close();
  }
}

/** A lossless picture of one color, as the browser encodes it: its chunks behind the file's header. */
async function webpFrame(color: string): Promise<Buffer> {
  const page = await site.browser.newPage();
  const url = String(
    await page.evaluate(`(() => { const canvas = document.createElement('canvas'); canvas.width = 20; canvas.height = 10;
      const pen = canvas.getContext('2d'); pen.fillStyle = '${color}'; pen.fillRect(0, 0, 20, 10); return canvas.toDataURL('image/webp', 1); })()`),
  );
  await page.close();
  const file = Buffer.from(url.split(',')[1] ?? '', 'base64');
  // Beside the picture there may be a color profile.
  for (let at = 12; at + 8 <= file.length; ) {
    const end = at + 8 + file.readUInt32LE(at + 4);
    if (/^VP8[ L]$/.test(file.toString('latin1', at, at + 4))) return file.subarray(at, end + (end & 1));
    at = end + (end & 1);
  }
  throw new Error('the browser made no WebP');
}

function chunk(name: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
}

function animatedWebp(frames: readonly Buffer[]): Buffer {
  const size = Buffer.from([19, 0, 0, 9, 0, 0]);
  const header = chunk('VP8X', Buffer.concat([Buffer.from([0x12, 0, 0, 0]), size]));
  const anmf = frames.map((frame) => chunk('ANMF', Buffer.concat([Buffer.alloc(6), size, Buffer.from([100, 0, 0, 0]), frame])));
  return chunk('RIFF', Buffer.concat([Buffer.from('WEBP'), header, chunk('ANIM', Buffer.alloc(6)), ...anmf]));
}

function pngChunk(name: string, size: number): Buffer {
  const bytes = Buffer.alloc(12 + size);
  bytes.writeUInt32BE(size, 0);
  bytes.write(name, 4, 'latin1');
  return bytes;
}

describe('stillImage', () => {
  it('keeps the first frame of an animated WebP, as a file that the browser reads', async () => {
    const moving = animatedWebp([await webpFrame('rgb(255,0,0)'), await webpFrame('rgb(0,0,255)')]);
    expect(await decode(moving, 'image/webp')).toMatchObject({ width: 20, frames: 2 });
    const still = stillImage(moving);
    expect(still && (await decode(still, 'image/webp'))).toMatchObject({
      width: 20,
      pixel: [expect.closeTo(255, -1), 0, 0, 255],
      frames: 1,
    });
  });

  it('takes the animation out of a PNG and leaves its picture as it was', () => {
    const png = PNG.sync.write(new PNG({ width: 3, height: 3 }));
    const moving = Buffer.concat([
      png.subarray(0, 33),
      pngChunk('acTL', 8),
      pngChunk('fcTL', 26),
      png.subarray(33, -12),
      pngChunk('fdAT', 9),
      png.subarray(-12),
    ]);
    expect(stillImage(moving)).toEqual(png);
  });

  it('leaves alone what does not move, and what it cannot read', async () => {
    const webp = chunk('RIFF', Buffer.concat([Buffer.from('WEBP'), await webpFrame('red')]));
    for (const bytes of [
      webp,
      PNG.sync.write(new PNG({ width: 3, height: 3 })),
      Buffer.alloc(0),
      Buffer.from('GIF89a'),
      Buffer.alloc(64, 0xff),
    ])
      expect(stillImage(bytes)).toBeNull();
  });

  it('ends on a file that was cut or tampered with', () => {
    const gif = Buffer.from('47494638396101000100800000ff00000000ff2c0000000001000100000202440100', 'hex');
    for (let length = 0; length < gif.length; length++) expect(stillImage(gif.subarray(0, length))).toBeNull();
    const png = Buffer.concat([PNG.sync.write(new PNG({ width: 3, height: 3 })).subarray(0, 33), pngChunk('acTL', 8)]);
    png.writeUInt32BE(0xffffffff, 33);
    expect(() => stillImage(png)).not.toThrow();
  });
});
