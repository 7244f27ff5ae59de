import { readdir, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServedJob } from '#runner/fixtures/protocol-server.ts';
import type { ProcessEvent, Started } from '../e2e/start-process.ts';
import {
  coreFilterOf,
  coreLimitOf,
  environmentOf,
  namespaceOf,
  openSockets,
  ownershipOf,
  type Proc,
  readDescendants,
  readProc,
} from './read-proc.ts';
import { type Account, IS_ROOT, type Machine, NOT_TRIED, prepareMachine, runFolderIn, STARTERS, tryAs } from './runner-machine.ts';

// A real runner with a page open, judged by what Linux says of its processes: not by its flags, and not by what it says itself.
const KINDS = ['user', 'pid', 'net'] as const;
/** More than any machine that small needs for two captures: with less, profiles may rightly lie on disk. */
const ROOMY_BYTES = 2 * 1024 ** 3;

describe.skipIf(process.platform !== 'linux').each(STARTERS)('a runner started as $who', ({ who, isTried, account }) => {
  const browserIs = who === 'root' ? 'another user' : 'the same user';
  let machine: Machine;
  let runner: Started;
  let runnerPid: number;
  let ready: ProcessEvent;
  let job: ServedJob;
  let all: Proc[];
  let renderers: Proc[];
  let browser: Proc;

  beforeAll(async () => {
    if (!isTried) return;
    machine = await prepareMachine(account);
    runner = machine.start();
    ready = await runner.waitFor('ready');
    job = await machine.openPage();
    runnerPid = runner.child.pid ?? 0;
    all = await readDescendants(runnerPid);
    renderers = all.filter((proc) => proc.command.includes('--type=renderer'));
    const found = all.filter((proc) => proc.command.includes('--user-data-dir=') && !proc.command.includes('--type=')).at(-1);
    if (!found) throw new Error(`no browser below the runner: ${all.map((proc) => proc.command).join('\n')}`);
    browser = found;
  });
  afterAll(async () => {
    if (job) machine.server.cancel(job);
    await runner?.stop();
    await machine?.close();
  });
  const test = it.skipIf(!isTried);
  const note = isTried ? '' : NOT_TRIED;

  test(`has its page in renderers that are nobody and may do nothing${note}`, async () => {
    expect(job.reports).toEqual([]);
    expect(ready.sandbox).toBe('on');
    expect(renderers.length).toBeGreaterThan(0);
    const elsewhere = await Promise.all(
      KINDS.map(async (kind) => [await namespaceOf(runnerPid, kind), await namespaceOf(browser.pid, kind)]),
    );
    for (const renderer of renderers) {
      expect(renderer.uids).not.toContain(0);
      const [seccomp, noNewPrivileges, ...capabilities] = ['Seccomp', 'NoNewPrivs', 'CapEff', 'CapPrm', 'CapInh', 'CapAmb'].map(
        renderer.field,
      );
      expect([seccomp, noNewPrivileges]).toEqual(['2', '1']);
      expect(capabilities.filter((mask) => !/^0+$/.test(mask))).toEqual([]);
      for (const [index, kind] of KINDS.entries()) expect(elsewhere[index]).not.toContain(await namespaceOf(renderer.pid, kind));
    }
  });

  // Only root may look through the eyes of a process in another user namespace.
  it.skipIf(!IS_ROOT)(`leaves its renderers no file to open: their root is an empty folder${note}`, async () => {
    for (const { pid } of renderers) {
      expect(await readdir(`/proc/${pid}/root`).catch(codeOf)).toSatisfy(isNothing);
      expect(await readProc(pid), 'it was there to be asked').not.toBeNull();
    }
  });

  test(`runs the browser as ${browserIs}, never as root, with no right and no way to one${note}`, async () => {
    const runnerUid = (await readProc(runnerPid))?.uids[0];
    expect(runnerUid).toBe(account?.uid ?? process.getuid?.());
    for (const proc of all) {
      expect(new Set(proc.uids)).toEqual(new Set([browser.uids[0]]));
      expect(proc.uids).not.toContain(0);
      expect(proc.field('NoNewPrivs'), proc.command).toBe('1');
    }
    expect(browser.uids[0] === runnerUid).toBe(browserIs === 'the same user');
    expect(browser.field('CapEff')).toMatch(/^0+$/);
    if (who === 'root') expect(browser.field('Groups')).toBe('');
  });

  test(`hands nothing of its own environment or command line to any process of the browser${note}`, async () => {
    const own = (await environmentOf(runnerPid)) ?? '';
    for (const secret of machine.secrets) expect(own, 'the canary is planted').toContain(secret);
    const read = await Promise.all(all.map(async ({ pid, command }) => ({ command, environment: await environmentOf(pid) })));
    const seen = read.filter(({ environment }) => environment !== null);
    if (IS_ROOT) expect(seen.length).toBe(all.length);
    expect(seen.map(({ environment }) => environment)).toContainEqual(expect.stringMatching(/^HOME=\S*\/home\/\w{6}$/m));
    for (const { environment, command } of seen)
      for (const secret of machine.secrets) expect(`${environment}\n${command}`.includes(secret), `${secret} in ${command}`).toBe(false);
  });

  test(`drives the browser by a pipe, and nothing of it listens${note}`, async () => {
    expect(browser.command).toContain('--remote-debugging-pipe');
    expect(all.filter((proc) => proc.command.includes('--remote-debugging-port'))).toEqual([]);
    const net = await namespaceOf(runnerPid, 'net');
    const beside = await filterBy(all, async (proc) => (await namespaceOf(proc.pid, 'net')) === net);
    expect(beside.map((proc) => proc.pid)).toContain(browser.pid);
    for (const proc of beside) expect(await openSockets(proc.pid), proc.command).toEqual([]);
    expect(await openSockets(runnerPid), 'the look finds the egress proxy').not.toEqual([]);
  });

  test(`keeps profile, home and temporary files for the browser's user alone, in memory where there is room${note}`, async () => {
    const profile = /--user-data-dir=(\S+)/.exec(browser.command)?.[1] ?? '';
    const environment = (await environmentOf(browser.pid)) ?? '';
    const [home, temporary] = ['HOME', 'TMPDIR'].map((name) => new RegExp(`^${name}=(.*)$`, 'm').exec(environment)?.[1] ?? '');
    const folders = await Promise.all([profile, home ?? '', temporary ?? ''].map(ownershipOf));
    for (const folder of folders) expect(folder).toEqual({ uid: browser.uids[0], mode: '0700', isInMemory: ready.profiles === 'memory' });
    if (await hasRoomInMemory()) expect(ready.profiles).toBe('memory');
    console.info(`profiles of the runner started as ${who}: in ${ready.profiles}, at ${dirname(profile)}`);
  });

  test(`leaves no core dump, of itself or of any process below it${note}`, async () => {
    for (const pid of [runnerPid, ...all.map((proc) => proc.pid)])
      expect([await coreLimitOf(pid), await coreFilterOf(pid)]).toEqual(['0 0', 0]);
  });

  // A browser that is the runner's own user could open all of it: docs/threat-model.md says so.
  if (who !== 'root') return;
  test(`keeps work folder, spool, key, token and memory from the browser's user${note}`, async () => {
    const folder = await runFolderIn(machine.workDir);
    const result = join(folder, 'spool', 'result.png');
    await writeFile(result, 'a picture on its way');
    const profiles = dirname(dirname(/^HOME=(.*)$/m.exec((await environmentOf(browser.pid)) ?? '')?.[1] ?? ''));
    const closed: [string, string][] = [
      ['cat', machine.keyFile],
      ['cat', result],
      ['cat', join(folder, 'owner.json')],
      ['cat', join(profiles, 'owner.json')],
      ...[folder, join(folder, 'spool'), join(folder, 'groups'), profiles, join(profiles, 'tmp')].map((path): [string, string] => [
        'ls',
        path,
      ]),
      ['cat', `/proc/${runnerPid}/environ`],
      ['cat', `/proc/${runnerPid}/maps`],
      ['ls', `/proc/${runnerPid}/fd`],
    ];
    const browsers: Account = { uid: browser.uids[0] ?? 0, gid: Number(browser.field('Gid').split(/\s+/)[0]) };
    for (const [program, path] of closed) expect(await tryAs(browsers, program, path), path).toMatch(/Permission denied/);
    // So that a refusal says something: the same user, by the same means, opens what is its own.
    expect(await tryAs(browsers, 'cat', `/proc/${browser.pid}/environ`)).toContain('HOME=');
  });
});

async function hasRoomInMemory(): Promise<boolean> {
  const [system, facts] = await Promise.all([statfs('/dev/shm').catch(() => null), stat('/dev/shm').catch(() => null)]);
  return (
    system !== null &&
    facts !== null &&
    system.type === 0x01021994 &&
    system.bavail * system.bsize >= ROOMY_BYTES &&
    (facts.mode & 0o1777) === 0o1777
  );
}

async function filterBy<T>(items: readonly T[], holds: (item: T) => Promise<boolean>): Promise<T[]> {
  const verdicts = await Promise.all(items.map(holds));
  return items.filter((_, index) => verdicts[index]);
}

/** The root of a renderer is the folder of a process that is gone: it cannot even be listed, or holds nothing. */
function isNothing(listed: unknown): boolean {
  return Array.isArray(listed) ? listed.length === 0 : listed === 'ENOENT' || listed === 'ESRCH';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error;
}
