import { join } from 'node:path';

/** What a system takes as the address of a Unix socket, in bytes, its closing zero left out. */
const ADDRESS_BYTES_MAX: Partial<Record<NodeJS.Platform, number>> = { linux: 107, darwin: 103 };
/** A full Chromium binds this below its TMPDIR and ends where it cannot; Chrome and Edge have shorter names. */
const SOCKET = join('org.chromium.Chromium.XXXXXX', 'SingletonSocket');

/**
 * Tells in a sentence why a full Chromium with this folder for temporary files would end at its start, and the remedy; null
 * where it would not. A headless shell binds no such socket.
 */
export function refuseSocketPath(temporary: string, platform: NodeJS.Platform = process.platform): string | null {
  const most = ADDRESS_BYTES_MAX[platform];
  const over = most === undefined ? 0 : Buffer.byteLength(join(temporary, SOCKET)) - most;
  if (over <= 0) return null;
  return `the path of its work folder is ${over} bytes too long for the socket that a full Chromium makes in it: set SESSIONSHOT_WORK_DIR to a shorter path, or use a headless shell`;
}
