import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';

const SECOND_WALL = join(import.meta.dirname, '../../infra/second-wall.sh');
const RUN = join(import.meta.dirname, 'egress-packets-run.ts');
const RUN_MS_MAX = 110_000;
/** An address of the public internet that this machine has itself, as machines of hosters and all with IPv6 do. */
const OWN_PUBLIC = '93.184.215.99';
/** A namespace whose only way out is one interface: `10.77.0.2` is the private network that is not to be reached, and everything else lies behind it as well. */
const NAMESPACE = [
  'ip link set lo up',
  'ip link add out0 type veth peer name out1',
  'ip link set out0 addrgenmode none',
  'ip link set out1 addrgenmode none',
  'ip link set out1 up',
  'ip link set out0 up',
  'ip addr add 10.77.0.1/24 dev out0',
  `ip addr add ${OWN_PUBLIC}/32 dev lo`,
  'ip neigh add 10.77.0.2 lladdr 02:00:00:00:00:02 dev out0 nud permanent',
  'ip route add default via 10.77.0.2',
].join(' && ');
const counted = z.object({
  captured: z.string(),
  left: z.number(),
  datagrams: z.number(),
  contacts: z.number(),
  hits: z.array(z.string()),
});

/** Why no network namespace can be had here; null where it can. */
export function findHindrance(): string | null {
  if (process.platform !== 'linux') return 'network namespaces are Linux’s';
  if (process.getuid?.() !== 0) return 'it needs root';
  try {
    execFileSync('unshare', ['--net', 'sh', '-c', NAMESPACE], { timeout: 10_000, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
    return null;
  } catch (error) {
    const told = error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
    return `no network namespace could be made (${told.split('\n')[0] || String(error)})`;
  }
}

/** A capture of the hostile page in a namespace of its own, and what was counted there. `ports`: with the second wall for them. */
export async function runHostilePage(mode: string, ports?: string): Promise<z.infer<typeof counted>> {
  const wall = ports ? [`sh ${SECOND_WALL} install ${ports}`] : [];
  const out = await runInNamespace(wall, [process.execPath, RUN, mode, OWN_PUBLIC, ports ?? '']);
  return counted.parse(JSON.parse(out.trim().split('\n').at(-1) ?? ''));
}

/** Runs a program in a namespace after the commands that furnish it; answers what it printed. */
export async function runInNamespace(furnish: readonly string[], program: readonly string[]): Promise<string> {
  const command = [NAMESPACE, ...furnish, 'exec "$@"'].join(' && ');
  const child = spawn('unshare', ['--net', 'sh', '-c', command, 'sh', ...program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_MS_MAX,
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8');
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`the run in the namespace ended with ${code}: ${err.slice(-2000)}`);
  return out;
}
