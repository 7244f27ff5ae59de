import type { BrowserContextOptions } from 'playwright';
import type { EgressSession } from '../egress/egress-proxy.ts';

/**
 * What every context of a capture is made with: its own way out and no other, no downloads, no service workers, and no
 * mercy for certificates. The self-test makes its context of the same, so that it judges what captures get.
 */
export function lentOptions(proxy: Pick<EgressSession, 'port'>): BrowserContextOptions {
  return {
    proxy: { server: `http://127.0.0.1:${proxy.port}`, bypass: '<-loopback>' },
    acceptDownloads: false,
    serviceWorkers: 'block',
    ignoreHTTPSErrors: false,
  };
}
