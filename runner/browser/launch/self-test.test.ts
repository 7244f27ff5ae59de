import { expect, it } from 'vitest';
import { openTestBrowsers } from '#runner/fixtures/test-browsers.ts';
import { EGRESS_FLAGS, RESOLVER_FLAG, WEBRTC_FLAGS } from './launch-chromium.ts';

async function selfTestWith(flags: readonly string[]) {
  const browsers = await openTestBrowsers({ flags });
  try {
    return await browsers.selfTest();
  } finally {
    await browsers.close();
  }
}

it('finds no way out of a page with the pinned flags', async () => {
  expect(await selfTestWith(EGRESS_FLAGS)).toMatchObject({ ok: true, leaks: [], sandbox: 'on' });
});

it('names WebRTC when its flags are taken away, and fails', async () => {
  const result = await selfTestWith(EGRESS_FLAGS.filter((flag) => !WEBRTC_FLAGS.includes(flag)));
  expect(result).toMatchObject({ ok: false, leaks: expect.arrayContaining(['a UDP packet (WebRTC)']) });
});

it('names the look-ups when the resolver rule is taken away, and fails', async () => {
  const result = await selfTestWith(EGRESS_FLAGS.filter((flag) => flag !== RESOLVER_FLAG));
  expect(result.ok).toBe(false);
  expect(result.leaks.join()).toContain('a name look-up');
});
