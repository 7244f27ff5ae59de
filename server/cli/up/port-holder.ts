import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readCommandLine } from '#server/embedded/process-record.ts';

const LISTEN = '0A';

/** Finds who listens on a TCP port, from /proc; null where that cannot be told (another user's process, no /proc). */
export function findPortHolder(port: number): { pid: number; command: string } | null {
  const sockets = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, port)));
  if (sockets.size === 0) return null;
  for (const name of readNames('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const holds = readNames(`/proc/${name}/fd`).some((fd) => sockets.has(readTarget(`/proc/${name}/fd/${fd}`)));
    if (holds) return { pid: Number(name), command: readCommandLine(Number(name)).slice(0, 80) };
  }
  return null;
}

/** The sockets of a table that listen on the port, in the form in which /proc/<pid>/fd names them. */
function listeningInodes(table: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = readText(table)
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  return rows.filter((row) => row[1]?.endsWith(`:${hex}`) && row[3] === LISTEN).map((row) => `socket:[${row[9]}]`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // no /proc on this system
  }
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // gone in the meantime, or another user's
  }
}

function readTarget(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // closed in the meantime
  }
}
