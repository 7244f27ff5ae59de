import { captureSchema } from '#shared/capture.ts';
import { storageState } from '../corpus.ts';
import type { CaptureMaker, Order, Setup } from './messages.ts';

const WAIT_SECONDS = 60;
const CALL_MS_MAX = 90_000;

/**
 * SessionShot as an integrator would call it: one POST with `Prefer: wait`, then the bytes through the signed URL. Each
 * of several clients has a key of its own, as customers have, so that no key's rate is the limit.
 */
export function createProduct(setup: Setup): CaptureMaker {
  const auth = { storageState: storageState(setup.origin) };
  const free = [...setup.apiKeys];
  const capture = async (key: string, order: Order) => {
    const output =
      order.format === 'pdf' ? { format: 'pdf', pdf: { format: 'A4', printBackground: true } } : { format: 'png', fullPage: true };
    const answer = await fetch(`${setup.apiUrl}/captures`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', prefer: `wait=${WAIT_SECONDS}` },
      body: JSON.stringify({ url: `${setup.origin}/${order.page}`, auth, output }),
      signal: AbortSignal.timeout(CALL_MS_MAX),
    });
    if (answer.status !== 200) throw new Error(`POST answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
    const { asset, error, timings } = captureSchema.parse(await answer.json());
    if (!asset) throw new Error(`no asset: ${error?.code ?? 'still running'}`);
    const file = await fetch(asset.url, { signal: AbortSignal.timeout(CALL_MS_MAX) });
    if (!file.ok) throw new Error(`the signed URL answered ${file.status}`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const settleMs = timings.navigate === undefined || timings.settle === undefined ? null : timings.navigate + timings.settle;
    return { bytes, settleMs };
  };
  return {
    capture: async (order, done) => {
      const key = free.shift();
      if (!key) throw new Error('more captures at once than keys were made for');
      try {
        done(await capture(key, order));
      } finally {
        free.push(key);
      }
    },
    close: async () => undefined,
  };
}
