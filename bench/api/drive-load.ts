import { Agent, type IncomingMessage, request } from 'node:http';

/** One call, again and again. `expected`: every other status counts as a refusal. */
export type Call = { url: string; method: 'GET' | 'POST'; headers: Record<string, string>; body?: string; expected: number };
/** `ms` of the calls that were answered as expected; `retryAfter` are the seconds that refusals named, null where one named none. */
export type Load = { perSecond: number; ms: number[]; refused: Map<number, number>; retryAfter: (number | null)[]; failed: number };

const CALL_MS_MAX = 30_000;

/** Keeps `connections` calls under way for `seconds`, each connection its next one when it has its answer (a closed loop). */
export async function driveLoad(call: Call, { connections, seconds }: { connections: number; seconds: number }): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const load: Load = { perSecond: 0, ms: [], refused: new Map(), retryAfter: [], failed: 0 };
  const end = performance.now() + seconds * 1000;
  const loop = async () => {
    while (performance.now() < end) {
      const from = performance.now();
      try {
        const { status, retryAfter } = await send(call, agent);
        if (status === call.expected) load.ms.push(performance.now() - from);
        else {
          load.refused.set(status, (load.refused.get(status) ?? 0) + 1);
          load.retryAfter.push(retryAfter);
        }
      } catch {
        load.failed += 1; // counted, and told in the result
      }
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: connections }, loop));
  load.perSecond = (load.ms.length * 1000) / (performance.now() - began);
  agent.destroy();
  return load;
}

async function send({ url, method, headers, body }: Call, agent: Agent): Promise<{ status: number; retryAfter: number | null }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(url, { agent, method, headers, timeout: CALL_MS_MAX }, resolve);
  outgoing.once('error', reject).once('timeout', () => outgoing.destroy(new Error('no answer')));
  outgoing.end(body);
  const answer = await promise;
  for await (const _chunk of answer); // read to its end, so that the connection is free again
  const retryAfter = answer.headers['retry-after'];
  return { status: answer.statusCode ?? 0, retryAfter: retryAfter === undefined ? null : Number(retryAfter) };
}
