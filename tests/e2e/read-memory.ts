import { type FileHandle, open, readdir, readFile, readlink } from 'node:fs/promises';

const CHUNK_BYTES = 4 * 1024 * 1024;
/** A process of ours has a few hundred megabytes; what is reserved and never touched reads as nothing. */
const BYTES_MAX = 8 * 1024 ** 3;

/** Searches all memory of a process that can be read (its parent may, and root) for byte strings; answers the names of those found. */
export async function findInMemory(pid: number, needles: Readonly<Record<string, Buffer>>): Promise<string[]> {
  const regions = (await readFile(`/proc/${pid}/maps`, 'utf8')).split('\n').flatMap(regionOf);
  const overlap = Math.max(...Object.values(needles).map(({ length }) => length));
  const found = new Set<string>();
  let read = 0;
  await using memory = await open(`/proc/${pid}/mem`, 'r');
  for (const { from, to } of regions) {
    for (let at = from; at < to; at += CHUNK_BYTES) {
      const bytes = await readAt(memory, at, Math.min(CHUNK_BYTES + overlap, to - at));
      read += bytes.length;
      if (read > BYTES_MAX) throw new Error(`process ${pid} has more memory than is searched`);
      for (const [name, needle] of Object.entries(needles)) if (bytes.includes(needle)) found.add(name);
    }
  }
  if (read === 0) throw new Error(`nothing of the memory of process ${pid} could be read`);
  return [...found].toSorted();
}

/** Paths of the files that a process holds open or has mapped. */
export async function filesOf(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => ''))); // closed meanwhile
  const mapped = (await readFile(`/proc/${pid}/maps`, 'utf8')).split('\n').flatMap((line) => /\s(\/.*)$/.exec(line)?.[1] ?? []);
  return [...new Set([...links.filter((path) => path.startsWith('/')), ...mapped])];
}

function regionOf(line: string): { from: number; to: number }[] {
  const [, from, to, path = ''] = /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
  if (from === undefined || to === undefined || /^\[v(var|syscall|vclock)/.test(path)) return [];
  return [{ from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) }];
}

async function readAt(memory: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  try {
    const { bytesRead } = await memory.read(buffer, 0, length, at);
    return buffer.subarray(0, bytesRead);
  } catch {
    return Buffer.alloc(0); // given back meanwhile, or never there
  }
}
