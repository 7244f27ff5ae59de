import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** Under Node itself: the test runner resolves package paths that Node does not. */
it('the lists load in the runtime of a runner, and know the well-known hosts and banners', async () => {
  const program = `
    const { loadHostLists } = await import(${JSON.stringify(new URL('./host-lists.ts', import.meta.url).href)});
    const { loadBannerRules } = await import(${JSON.stringify(new URL('./consent-banners.ts', import.meta.url).href)});
    const lists = await loadHostLists();
    const hosts = ['securepubads.g.doubleclick.net', 'doubleclick.net', 'notdoubleclick.net', 'cdn.cookielaw.org', 'app.example.com'];
    console.log(JSON.stringify([hosts.filter(lists.ads), hosts.filter(lists.cookieBanners), (await loadBannerRules()).length > 200]));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 20_000 });
  expect(JSON.parse(stdout)).toEqual([['securepubads.g.doubleclick.net', 'doubleclick.net'], ['cdn.cookielaw.org'], true]);
});
