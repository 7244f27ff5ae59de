import { readdir, readFile, readlink, stat, statfs } from 'node:fs/promises';

/** What Linux says of one process, read from /proc at one moment. */
export type Proc = { pid: number; parent: number; uids: number[]; command: string; field(name: string): string };

const TMPFS = 0x01021994;
/** `st` of /proc/net/tcp for a socket that listens. */
const LISTENS = '0A';

/** Every living descendant of a process, wherever its namespaces are. */
export async function readDescendants(root: number): Promise<Proc[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = (await Promise.all(pids.map(readProc))).filter((proc) => proc !== null);
  const found = new Set([root]);
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const proc of all) if (found.has(proc.parent)) found.add(proc.pid);
  }
  return all.filter((proc) => proc.pid !== root && found.has(proc.pid));
}

/** Null for a process that is gone, or has ended and was not reaped. */
export async function readProc(pid: number): Promise<Proc | null> {
  const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const [status, cmdline] = await Promise.all([read('status'), read('cmdline')]);
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? '';
  if (status === '' || field('State').startsWith('Z')) return null;
  const uids = field('Uid').split(/\s+/).map(Number);
  return { pid, parent: Number(field('PPid')), uids, command: cmdline.replaceAll('\0', ' ').trim(), field };
}

/** The name of a namespace; `closed` where it cannot be read because the process is in another user namespace. */
export async function namespaceOf(pid: number, kind: 'user' | 'pid' | 'net'): Promise<string> {
  return await readlink(`/proc/${pid}/ns/${kind}`).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') return 'closed';
    throw error;
  });
}

/** The environment with which a process was started; null where this test may not read it. */
export async function environmentOf(pid: number): Promise<string | null> {
  return await readFile(`/proc/${pid}/environ`, 'utf8')
    .then((text) => text.replaceAll('\0', '\n'))
    .catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EACCES') return null;
      throw error;
    });
}

/** Sockets of a process that listen for TCP or are bound for UDP, as lines of /proc/net. */
export async function openSockets(pid: number): Promise<string[]> {
  const files = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(files.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => ''))); // closed meanwhile
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const found: string[] = [];
  for (const kind of ['tcp', 'tcp6', 'udp', 'udp6']) {
    const [, ...lines] = (await readFile(`/proc/${pid}/net/${kind}`, 'utf8')).trim().split('\n');
    for (const line of lines) {
      const fields = line.trim().split(/\s+/);
      if (inodes.has(fields[9] ?? '') && (kind.startsWith('udp') || fields[3] === LISTENS)) found.push(`${kind} ${line.trim()}`);
    }
  }
  return found;
}

/** The part of /proc/PID/limits that says how large a core dump may be: `soft hard`. */
export async function coreLimitOf(pid: number): Promise<string> {
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
  return /^Max core file size\s+(\S+)\s+(\S+)/m.exec(limits)?.slice(1).join(' ') ?? 'not there';
}

/** Which memory a dump would hold, as a mask; 0 for none. */
export async function coreFilterOf(pid: number): Promise<number> {
  return Number.parseInt((await readFile(`/proc/${pid}/coredump_filter`, 'utf8')).trim(), 16);
}

export type Ownership = { uid: number; mode: string; isInMemory: boolean };
export async function ownershipOf(path: string): Promise<Ownership> {
  const [facts, system] = await Promise.all([stat(path), statfs(path)]);
  return { uid: facts.uid, mode: (facts.mode & 0o7777).toString(8).padStart(4, '0'), isInMemory: system.type === TMPFS };
}
