import { BROWSER_VERSION, type ClaimRequest } from '#shared/runner-protocol.ts';

type Browsers = { sandbox: 'on' | 'off'; version: string; isOld: boolean };

/**
 * What a claim says of the browsers here. A Chromium of somebody's own making may call itself anything: then its version is
 * left out, because a claim that the server refuses is a runner that never works.
 */
export function tellBrowsers({ sandbox, version, isOld }: Browsers): Pick<ClaimRequest, 'sandbox' | 'browser'> {
  return { sandbox, ...(BROWSER_VERSION.test(version) ? { browser: { version, isOld } } : {}) };
}
