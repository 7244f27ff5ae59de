import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Started } from '../e2e/start-process.ts';
import { expectRefused } from './expect-refused.ts';
import { namespaceOf } from './read-proc.ts';
import { IS_ROOT, type Machine, NOT_TRIED, prepareMachine, STARTERS } from './runner-machine.ts';

// Nothing in the product switches the sandbox off but the allowance, so it is taken away from outside: by a browser that
// is really a script which adds a flag, and by a kernel that gives no namespaces.
const FLAGS = [
  { what: 'no sandbox at all', flags: '--no-sandbox', why: /the browser's sandbox is off: renderer \d+ has no system call filter/ },
  {
    what: 'no system call filter',
    flags: '--disable-seccomp-filter-sandbox',
    why: /sandbox is off: renderer \d+ has no system call filter/,
  },
  { what: 'no namespaces', flags: '--disable-namespace-sandbox', why: /sandbox/ },
];

describe.skipIf(process.platform !== 'linux').each(STARTERS)('a runner started as $who whose browser', ({ isTried, account }) => {
  let machine: Machine;
  beforeAll(async () => {
    if (isTried) machine = await prepareMachine(account);
  });
  afterAll(async () => await machine?.close());
  const test = it.skipIf(!isTried);
  const note = isTried ? '' : NOT_TRIED;
  const refused = (runner: Started, why: RegExp) =>
    expectRefused(machine, runner, { code: 'browser_unavailable', why, remedy: '--allow-no-sandbox' });

  test.each(FLAGS)(`has $what takes no job and says why${note}`, async ({ what, flags, why }) => {
    const browser = await machine.wrapBrowser(`browser-with-${what.replaceAll(' ', '-')}`, flags);
    await refused(machine.start({ SESSIONSHOT_BROWSER: browser }), why);
  });

  // Only root can make the namespace around a runner, whoever starts it then.
  it.skipIf(!IS_ROOT)(`gets no namespaces from the kernel takes no job and says why${IS_ROOT ? '' : NOT_TRIED}`, async () => {
    const runner = machine.start({}, WITHOUT_NAMESPACES);
    await mapEverybody(runner);
    await refused(runner, /no usable sandbox here: the system gives this user no namespaces/);
  });

  test(`has none takes jobs where that is allowed, and says so${note}`, async () => {
    const browser = await machine.wrapBrowser('browser-allowed', '--no-sandbox');
    const runner = machine.start({ SESSIONSHOT_BROWSER: browser, SESSIONSHOT_ALLOW_NO_SANDBOX: '1' });
    expect(await runner.waitFor('ready')).toMatchObject({ sandbox: 'off' });
    const job = await machine.openPage();
    expect(job.claimed).toMatchObject({ sandbox: 'off' });
    machine.server.cancel(job);
    expect(await runner.stop()).toBe(0);
    expect(runner.stderr()).toContain('the browser runs WITHOUT its sandbox, as allowed');
  });
});

/**
 * A user namespace of its own in which nobody may make another. It begins when it is told that its users are mapped, and
 * is root in there only from the next program on.
 */
const WITHOUT_NAMESPACES = [
  ...['unshare', '--user', 'sh', '-c', 'read go; exec "$@"', 'sh'],
  ...['sh', '-euc', 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"', 'sh'],
];

async function mapEverybody({ child }: Started): Promise<void> {
  const pid = child.pid ?? 0;
  const own = await namespaceOf(process.pid, 'user');
  await expect.poll(() => namespaceOf(pid, 'user')).not.toBe(own);
  for (const file of ['uid_map', 'gid_map']) await writeFile(`/proc/${pid}/${file}`, '0 0 65536');
  child.stdin?.write('go\n');
}
