import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WALLS } from './cases/walls.ts';
import { expectRefused } from './expect-refused.ts';
import { findMachineBrowser, IS_ROOT, type Machine, NOT_TRIED, prepareMachine, STARTERS } from './runner-machine.ts';

// No setting opens a way past the egress proxy, so it is opened from outside: by a browser that is really a script which
// adds a flag. That the self-test finds every such way is shown beside it; here, that a runner which fails it does not work.
describe.skipIf(process.platform !== 'linux').each(STARTERS)('a runner started as $who', ({ isTried, account }) => {
  let machine: Machine;
  beforeAll(async () => {
    if (isTried) machine = await prepareMachine(account);
  });
  afterAll(async () => await machine?.close());

  it.skipIf(!isTried)(`whose browser goes past the dead proxy takes no job and names the way${isTried ? '' : NOT_TRIED}`, async () => {
    const browser = await machine.wrapBrowser('leaky', '--proxy-bypass-list=127.0.0.1');
    await expectRefused(machine, machine.start({ SESSIONSHOT_BROWSER: browser }), {
      code: 'self_test_failed',
      why: /so no job is taken: .*\bTCP no-proxy\b/,
      remedy: 'use another one (SESSIONSHOT_BROWSER)',
    });
  });
});

// And from inside: the runner's own source with one wall less, each alone. The rest of it is as it will be shipped.
describe.skipIf(process.platform !== 'linux')('a runner that was built without', () => {
  const preload = `--import=${pathToFileURL(join(import.meta.dirname, 'take-wall-away.ts'))}`;
  const { kind } = findMachineBrowser();
  let machine: Machine;
  beforeAll(async () => {
    machine = await prepareMachine(STARTERS.find(({ account }) => account !== null || !IS_ROOT)?.account ?? null);
  });
  afterAll(async () => await machine?.close());

  it.each(WALLS)('$name takes no job and names the way', async (wall) => {
    if (wall.kind !== undefined && wall.kind !== kind) return expect(kind, 'the other kind of browser knows no such flag').toBe('chromium');
    const { file, text, instead } = wall;
    const runner = machine.start({ NODE_OPTIONS: preload, WALL_TAKEN_AWAY: JSON.stringify({ file, text, instead }) });
    await expectRefused(machine, runner, {
      code: 'self_test_failed',
      why: new RegExp(`so no job is taken: .*${wall.leak.source}`),
      remedy: 'use another one (SESSIONSHOT_BROWSER)',
    });
    expect(runner.stderr()).toContain(`taken away: ${text}`);
  });
});
