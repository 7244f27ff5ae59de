import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';

export type Difference = { size: [number, number]; wanted: [number, number]; differing: number };

/** Counts the pixels of two PNGs that are not the same in every channel, as a share of all; 1 where the sizes differ. */
export function comparePictures(bytes: Buffer, reference: Buffer): Difference {
  const [one, other] = [PNG.sync.read(bytes), PNG.sync.read(reference)];
  const sizes = { size: [one.width, one.height], wanted: [other.width, other.height] } satisfies Partial<Difference>;
  if (one.width !== other.width || one.height !== other.height) return { ...sizes, differing: 1 };
  let count = 0;
  for (let at = 0; at < one.data.length; at += 4) if (one.data.readUInt32BE(at) !== other.data.readUInt32BE(at)) count++;
  return { ...sizes, differing: count / (one.width * one.height) };
}

/** Keeps both pictures in the folder that `KEEP_PICTURES` names, for a look at them; without it nothing is kept. */
export async function keepPictures(name: string, pictures: Record<string, Buffer>): Promise<void> {
  const folder = process.env.KEEP_PICTURES;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  for (const [kind, bytes] of Object.entries(pictures)) await writeFile(join(folder, `${name.replace(/\W+/g, '-')}.${kind}.png`), bytes);
}
