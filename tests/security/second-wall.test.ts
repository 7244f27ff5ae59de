import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RIGHTS } from '../infra/check-wall-file.ts';
import { findHindrance, runHostilePage, runInNamespace } from './network-namespace.ts';

/**
 * The wall outside of the browser (`infra/second-wall.sh`): users of browsers open TCP to proxies and nothing else, judged by
 * the kernel in a network namespace of its own. Needs root, namespaces and nft; says so where not.
 */
const SCRIPT = join(import.meta.dirname, '../../infra/second-wall.sh');
const BEHIND_WALL = join(import.meta.dirname, '../../infra/run-behind-wall.sh');
const RUN = join(import.meta.dirname, 'second-wall-run.ts');
const PORTS = '20000-20999';
const EVERYWHERE = [
  'a proxy',
  'another port of loopback',
  'the port of a proxy at another address of loopback',
  'the port of a proxy at IPv6 loopback',
  'the machine by its own address',
  'the port of a proxy by UDP',
  'another port by UDP',
];
const hindrance = findHindrance() ?? findNoTables();
const skipped = hindrance === null ? '' : ` — NOT RUN HERE: ${hindrance}`;
if (hindrance !== null) process.stderr.write(`\n!! The second wall is NOT put up on this machine: ${hindrance}\n\n`);

const reached = async (furnish: readonly string[], ...uids: number[]): Promise<Record<string, string[]>> =>
  JSON.parse(await runInNamespace(furnish, [process.execPath, RUN, '20500', '30500', ...uids.map(String)]));

test.skipIf(hindrance)(`users of browsers get to proxies alone, and nobody else is kept from anything${skipped}`, async () => {
  const install = `sh ${SCRIPT} install ${PORTS}`;
  expect(await reached([install, install], 61_184, 65_279, 61_183, 65_280, 0)).toEqual({
    61184: ['a proxy'],
    65279: ['a proxy'],
    61183: EVERYWHERE,
    65280: EVERYWHERE,
    0: EVERYWHERE,
  });
});

test.skipIf(hindrance)(`without it, and once it is taken away, they get everywhere${skipped}`, async () => {
  expect(await reached([], 61_184)).toEqual({ 61184: EVERYWHERE });
  expect(await reached([`sh ${SCRIPT} install ${PORTS}`, `sh ${SCRIPT} remove`], 61_184)).toEqual({ 61184: EVERYWHERE });
});

test.skipIf(hindrance)(`a browser that has lost a wall of its own is held by this one, and captures go on${skipped}`, async () => {
  expect((await runHostilePage('no-webrtc-policy')).left).toBeGreaterThan(0);
  expect(await runHostilePage('no-webrtc-policy', PORTS)).toMatchObject({ captured: 'ok', left: 0 });
});

test.skipIf(hindrance)(
  `a runner behind it takes jobs with its proxies where they may be, and none with them elsewhere${skipped}`,
  async () => {
    const install = [`sh ${SCRIPT} install ${PORTS}`];
    const selfTest = [process.execPath, join(import.meta.dirname, '../../runner/main.ts'), 'self-test'];
    expect(JSON.parse(await runInNamespace(install, ['env', `SESSIONSHOT_PROXY_PORTS=${PORTS}`, ...selfTest]))).toMatchObject({
      ok: true,
      leaks: [],
    });
    await expect(runInNamespace(install, selfTest)).rejects.toThrow('ended with 69');
  },
);

// As the container of infra/compose.second-wall.yml has it: no more rights than those that are named there.
test.skipIf(hindrance)(`a runner with the rights of its container gives up those over the wall, and takes jobs${skipped}`, async () => {
  const rights = RIGHTS.map((right) => `+${right.toLowerCase()}`).join(',');
  const asContainer = ['setpriv', '--no-new-privs', '--inh-caps=-all', `--bounding-set=-all,${rights}`, '--', 'env'];
  const begin = [...asContainer, `SESSIONSHOT_PROXY_PORTS=${PORTS}`, 'sh', BEHIND_WALL];
  const kept = await runInNamespace([], [...begin, 'sh', '-c', 'grep Cap /proc/self/status; nft list tables 2>&1 || true']);
  expect(kept).toMatch(/CapEff:\s+00000000000000eb\n/);
  expect(kept).toMatch(/CapBnd:\s+00000000000000eb\n/);
  expect(kept).toContain('Operation not permitted');
  const selfTest = [process.execPath, join(import.meta.dirname, '../../runner/main.ts'), 'self-test'];
  expect(JSON.parse(await runInNamespace([], [...begin, ...selfTest]))).toMatchObject({ ok: true, leaks: [] });
  const tried = [...begin, process.execPath, RUN, '20500', '30500', '61184'];
  expect(JSON.parse(await runInNamespace([], tried))).toEqual({ 61184: ['a proxy'] });
});

test('the script prints its rules without rights, and refuses ports that are none', () => {
  const run = (...args: string[]) => execFileSync('sh', [SCRIPT, ...args], { encoding: 'utf8', stdio: 'pipe', timeout: 10_000 });
  expect(run('print', '21000-21999')).toContain('oifname "lo" ip daddr 127.0.0.1 tcp dport 21000-21999 accept');
  for (const args of [['print', '0; flush ruleset'], ['print', '20000'], ['print', '-'], ['print', '1-2-3'], [], ['else']])
    expect(() => run(...args)).toThrow();
});

function findNoTables(): string | null {
  try {
    execFileSync('unshare', ['--net', 'sh', SCRIPT, 'install'], { timeout: 10_000, stdio: 'pipe' });
    return null;
  } catch {
    return 'nft cannot set rules (is it installed?)';
  }
}
