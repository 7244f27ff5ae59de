import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

/**
 * Packets counted by the kernel, whatever a listener may have missed: in a network namespace of its own, where the only
 * way out of the machine is one interface, all of the internet behind it. Needs root and namespaces; says so where not.
 */
const RUN = join(import.meta.dirname, 'egress-packets-run.ts');
const RUN_MS_MAX = 110_000;
/** An address of the public internet that this machine has itself, as machines of hosters and all with IPv6 do. */
const OWN_PUBLIC = '93.184.215.99';
/** `10.77.0.2` is the private network that is not to be reached, and everything else lies behind it as well. */
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
const hindrance = findHindrance();
const skipped = hindrance === null ? '' : ` — NOT RUN HERE: ${hindrance}`;
if (hindrance !== null) process.stderr.write(`\n!! Packets of the hostile page are NOT counted on this machine: ${hindrance}\n\n`);

test.skipIf(hindrance)(`a capture of the hostile page lets no packet leave, and sends no UDP at all${skipped}`, async () => {
  expect(await run('capture')).toEqual({ captured: 'ok', left: 0, datagrams: 0, contacts: 0, hits: [] });
});

test.skipIf(hindrance)(`the same page without walls makes the counters count${skipped}`, async () => {
  const open = await run('door');
  expect(open.captured).toBe('ok');
  expect(open.left).toBeGreaterThanOrEqual(50);
  expect(open.datagrams).toBeGreaterThanOrEqual(5);
});

test.skipIf(hindrance)(
  `without the policy of WebRTC packets leave, and without the resolver rule names are asked for${skipped}`,
  async () => {
    expect((await run('no-webrtc-policy')).left).toBeGreaterThan(0);
    expect((await run('no-resolver-rule')).datagrams).toBeGreaterThan(0);
  },
);

test.skipIf(hindrance)(`were its own public address taken for a stranger’s, this machine would be reached there${skipped}`, async () => {
  expect(await run('own-as-strangers')).toMatchObject({ captured: 'ok', left: 0, hits: ['form-second'] });
});

function findHindrance(): string | null {
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

async function run(mode: string): Promise<z.infer<typeof counted>> {
  const command = `${NAMESPACE} && exec "$@"`;
  const child = spawn('unshare', ['--net', 'sh', '-c', command, 'sh', process.execPath, RUN, mode, OWN_PUBLIC], {
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
  return counted.parse(JSON.parse(out.trim().split('\n').at(-1) ?? ''));
}
