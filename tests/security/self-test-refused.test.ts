import { afterAll, beforeAll, describe, it } from 'vitest';
import { expectRefused } from './expect-refused.ts';
import { type Machine, NOT_TRIED, prepareMachine, STARTERS } from './runner-machine.ts';

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
