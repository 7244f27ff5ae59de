import { readFile, readlink } from 'node:fs/promises';
import type { Browser } from 'playwright';
import { z } from 'zod';

/** Whether Chromium's sandbox holds its renderers, judged by what the system says about them, not by a flag. */
export type SandboxVerdict = { sandbox: 'on' | 'off'; reason: string | null };
export type BrowserProcesses = { browserPid: number | null; rendererPids: number[] };

const processInfoSchema = z.object({ processInfo: z.array(z.object({ type: z.string(), id: z.int() })) });

/** Asks the browser for the ids of its own processes. */
export async function listProcesses(browser: Browser): Promise<BrowserProcesses> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = processInfoSchema.parse(await session.send('SystemInfo.getProcessInfo'));
    return {
      browserPid: processInfo.find((entry) => entry.type === 'browser')?.id ?? null,
      rendererPids: processInfo.filter((entry) => entry.type === 'renderer').map((entry) => entry.id),
    };
  } finally {
    await session.detach();
  }
}

/**
 * Judges the sandbox of running renderers: not root, system calls filtered (`Seccomp: 2`), no rights held or to be had
 * (`CapEff: 0`, `NoNewPrivs: 1`), and user, pid and network namespaces of their own. Elsewhere than on Linux there is nothing to read, and what was asked for is believed.
 */
export async function judgeSandbox(rendererPids: readonly number[], platform: NodeJS.Platform = process.platform): Promise<SandboxVerdict> {
  if (platform !== 'linux') return { sandbox: 'on', reason: null };
  if (rendererPids.length === 0) return { sandbox: 'off', reason: 'the browser named no renderer process to judge' };
  for (const pid of rendererPids) {
    const fault = await sandboxFault(pid);
    if (fault) return { sandbox: 'off', reason: `renderer ${pid} ${fault}` };
  }
  return { sandbox: 'on', reason: null };
}

async function sandboxFault(pid: number): Promise<string | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/) ?? [];
  if (status === '') return 'cannot be read in /proc';
  if (field('Uid').slice(0, 4).includes('0')) return 'runs as root';
  if (field('Seccomp')[0] !== '2') return 'has no system call filter';
  if (field('NoNewPrivs')[0] !== '1') return 'may gain rights from a program that it starts';
  if (!/^0+$/.test(field('CapEff')[0] ?? '')) return 'holds capabilities';
  for (const kind of ['user', 'pid', 'net'] as const) {
    if (!(await hasOwnNamespace(pid, kind, field('NSpid').length))) return `shares the ${kind} namespace of the runner`;
  }
  return null;
}

async function hasOwnNamespace(pid: number, kind: 'user' | 'pid' | 'net', pidDepth: number): Promise<boolean> {
  try {
    return (await readlink(`/proc/${pid}/ns/${kind}`)) !== (await readlink(`/proc/self/ns/${kind}`));
  } catch {
    // A runner that is not root may not read the link of a process in another user namespace: the refusal itself says
    // that there is one, and the depth of the pid namespace stands in /proc/<pid>/status for all to read.
    return pidDepth > 1;
  }
}
