import { setTimeout as wait } from 'node:timers/promises';
import { readPss } from '../measure/process-tree.ts';
import { quantile } from '../measure/statistics.ts';
import { type Call, driveLoad, type Load } from './drive-load.ts';
import { type ApiBed, openApiBed, type Server } from './open-api-bed.ts';

const CONNECTIONS = 100;
const BODY_BYTES = 4096;
const MIB = 1024 * 1024;

/** One turn of both, in the same seconds of the machine. */
export type Turn = { what: 'POST' | 'GET'; product: { perSecond: number; p99: number }; reference: { perSecond: number; p99: number } };
/** A rate ten times as high as the server admits: how much its memory grew, who was refused, and whether it kept its word. */
export type Overload = {
  admitted: number;
  refused: Record<string, number>;
  withoutRetryAfter: number;
  grownMiB: number;
  isWordKept: boolean;
};
export type ApiResult = { turns: Turn[]; overload: Overload };

/**
 * Measures the accept path beside a bare INSERT, and the reading of a status beside a bare SELECT: turn by turn, who begins
 * changes, and the first turn counts for nothing. Then sends ten times of what is admitted.
 */
export async function measureApi(
  { rounds, seconds }: { rounds: number; seconds: number },
  say: (text: string) => void,
): Promise<ApiResult> {
  const bed = await openApiBed();
  try {
    const server = await bed.startServer();
    const calls = await makeCalls(bed, server);
    const turns: Turn[] = [];
    for (let round = 0; round <= rounds; round++)
      for (const [what, { product, reference }] of Object.entries(calls) as ['POST' | 'GET', { product: Call; reference: Call }][]) {
        say(`api: ${what}, round ${round} of ${rounds}${round === 0 ? ', warming up' : ''}`);
        const measure = async (call: Call) => figuresOf(await driveLoad(call, { connections: CONNECTIONS, seconds }));
        const first = round % 2 === 0 ? await measure(calls[what].product) : null;
        const other = await measure(reference);
        const own = first ?? (await measure(product));
        if (round > 0) turns.push({ what, product: own, reference: other });
      }
    await server.stop();
    say('api: ten times of what is admitted');
    return { turns, overload: await measureOverload(bed, seconds) };
  } finally {
    await bed.close();
  }
}

function figuresOf({ perSecond, ms, refused, failed }: Load): { perSecond: number; p99: number } {
  if (failed > 0 || refused.size > 0) throw new Error(`${failed} calls failed, refused: ${JSON.stringify([...refused])}`);
  return { perSecond, p99: quantile(ms, 0.99) };
}

async function makeCalls(bed: ApiBed, server: Server): Promise<Record<'POST' | 'GET', { product: Call; reference: Call }>> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${server.key}` };
  const body = makeBody();
  const post = (url: string): Call => ({ url, method: 'POST', headers, body, expected: 202 });
  const own = post(`${server.url}/api/captures`);
  const other = post(`${bed.reference.url}/entries`);
  const idOf = async ({ url }: Call): Promise<string> => {
    const answer = await fetch(url, { method: 'POST', headers, body });
    return JSON.parse(await answer.text()).id;
  };
  const get = (url: string): Call => ({ url, method: 'GET', headers, expected: 200 });
  const captureId = await idOf(own);
  await server.finish(captureId);
  return {
    POST: { product: own, reference: other },
    GET: { product: get(`${own.url}/${captureId}`), reference: get(`${other.url}/${await idOf(other)}`) },
  };
}

/** A request of 4 KiB, as one with a session is. */
function makeBody(): string {
  const body = (value: string) =>
    JSON.stringify({
      url: 'https://app.example.com/reports/42',
      auth: { cookies: [{ name: 'session', value }], localStorage: { theme: 'dark' } },
      output: { format: 'png', fullPage: true },
      tags: { customer: '42' },
    });
  return body('x'.repeat(BODY_BYTES - body('').length));
}

async function measureOverload(bed: ApiBed, seconds: number): Promise<Overload> {
  const server = await bed.startServer({ SESSIONSHOT_KEY_RATE_PER_SECOND: '20', SESSIONSHOT_KEY_RATE_BURST: '20' });
  try {
    const { POST } = await makeCalls(bed, server);
    await driveLoad(POST.product, { connections: CONNECTIONS, seconds: 1 });
    const before = readPss(server.pid);
    const { ms, refused, retryAfter, failed } = await driveLoad(POST.product, { connections: CONNECTIONS, seconds: seconds * 2 });
    if (failed > 0) throw new Error(`${failed} calls failed`);
    const grownMiB = (readPss(server.pid) - before) / MIB;
    await wait(1000 * retryAfter.reduce<number>((longest, each) => Math.max(longest, each ?? 0), 0));
    const { status } = await fetch(POST.product.url, { method: 'POST', headers: POST.product.headers, body: POST.product.body ?? null });
    return {
      admitted: ms.length,
      refused: Object.fromEntries(refused),
      withoutRetryAfter: retryAfter.filter((each) => each === null).length,
      grownMiB,
      isWordKept: status === 202,
    };
  } finally {
    await server.stop();
  }
}
