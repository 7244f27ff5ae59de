import { PNG } from 'pngjs';

export type Rgb = readonly [number, number, number];

/** The color of the image with this number: far from its neighbors and from white. */
export function imageColor(index: number): Rgb {
  return [40 + ((index * 47) % 160), 40 + ((index * 89) % 160), 40 + ((index * 131) % 160)];
}

/**
 * Makes a PNG that costs about as much to fetch, decode and encode again as a photograph: a gradient under noise from a
 * seeded generator, with a border of 32 pixels in `color` to recognize it by.
 */
export function makeImage(size: { width: number; height: number }, color: Rgb, seed: number): Buffer {
  const { width, height } = size;
  const image = new PNG({ width, height });
  let state = seed * 7919 + 17;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const isBorder = x < 32 || y < 32 || x >= width - 32 || y >= height - 32;
      const noise = (state >>> 28) - 8;
      const at = (y * width + x) * 4;
      for (let channel = 0; channel < 3; channel++) {
        const base = color[channel] ?? 0;
        image.data[at + channel] = isBorder
          ? base
          : Math.min(255, Math.max(0, Math.round(base + (x / width) * 60 - (y / height) * 30) + noise));
      }
      image.data[at + 3] = 255;
    }
  return PNG.sync.write(image, { deflateLevel: 6 });
}
