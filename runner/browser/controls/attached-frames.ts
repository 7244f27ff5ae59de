import type { CDPSession } from 'playwright';
import { z } from 'zod';
import type { CaptureRun } from '../capture-run.ts';
import type { FetchPattern, PausedRequest, SendCommand } from './paused-request.ts';

const COMMAND_MS_MAX = 5000;
const AUTO_ATTACH = { autoAttach: true, waitForDebuggerOnStart: true, flatten: false };
const attached = z.object({ sessionId: z.string(), targetInfo: z.object({ type: z.string() }) });
const receivedMessage = z.object({ sessionId: z.string(), message: z.string() });
const innerMessage = z.object({
  id: z.number().optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
});
const paused = z.object({
  requestId: z.string(),
  frameId: z.string(),
  resourceType: z.string(),
  request: z.object({
    url: z.string(),
    method: z.string(),
    headers: z.record(z.string(), z.string()),
    postData: z.string().optional(),
    hasPostData: z.boolean().optional(),
  }),
  responseStatusCode: z.number().optional(),
  responseErrorReason: z.string().optional(),
  responseHeaders: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
});

/**
 * Holds the requests of frames that run in a process of their own, from their very first one: the browser attaches us
 * to each before it runs anything. Opening a session when Playwright tells of the frame would come too late. Workers
 * are attached as well and simply let go, because their requests are told to the session of their document.
 */
export async function watchFrames(
  tab: { cdp: CDPSession; run: CaptureRun },
  options: { patterns: FetchPattern[]; onPaused(event: PausedRequest, send: SendCommand): void },
): Promise<void> {
  const { cdp, run } = tab;
  const answers = new Map<number, (result: unknown) => void>();
  const sessions = new Map<string, SendCommand>();
  let lastId = 0;
  // Sessions are nested as frames are: what is for a frame within a frame travels through both.
  const openSession = (outer: SendCommand, sessionId: string): SendCommand => {
    const send: SendCommand = async (method, params) => {
      lastId += 1;
      const id = lastId;
      const { promise, resolve } = Promise.withResolvers<unknown>();
      answers.set(id, resolve);
      try {
        await outer('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) });
        return await run.within(COMMAND_MS_MAX, promise);
      } finally {
        answers.delete(id);
      }
    };
    sessions.set(sessionId, send);
    return send;
  };
  const attach = async (outer: SendCommand, event: z.infer<typeof attached>) => {
    const send = openSession(outer, event.sessionId);
    if (event.targetInfo.type === 'iframe') {
      await send('Fetch.enable', { patterns: options.patterns });
      await send('Target.setAutoAttach', AUTO_ATTACH);
    }
    await send('Runtime.runIfWaitingForDebugger', {});
  };
  // What cannot be read is passed over: thrown from a listener it would end the runner. A request in it stays held.
  const onEvent = (from: SendCommand, method: string, params: unknown): void => {
    if (method === 'Target.attachedToTarget') {
      const event = attached.safeParse(params);
      // An attachment fails when the frame is gone, or when the capture has ended.
      if (event.success) attach(from, event.data).catch(() => undefined);
    } else if (method === 'Fetch.requestPaused') {
      const event = paused.safeParse(params);
      if (event.success) options.onPaused(event.data, from);
    } else if (method === 'Target.receivedMessageFromTarget') onMessage(params);
  };
  const onMessage = (params: unknown): void => {
    const received = receivedMessage.safeParse(params);
    const inner = received.success ? innerMessage.safeParse(JSON.parse(received.data.message)) : null;
    if (!received.success || !inner?.success) return;
    const session = sessions.get(received.data.sessionId);
    if (inner.data.id !== undefined) answers.get(inner.data.id)?.(inner.data.result);
    else if (inner.data.method !== undefined && session) onEvent(session, inner.data.method, inner.data.params);
  };
  const root: SendCommand = (method, params) =>
    method === 'Target.sendMessageToTarget'
      ? cdp.send('Target.sendMessageToTarget', receivedMessage.parse(params))
      : Promise.reject(new Error(`${method} is not for the page itself`));
  cdp.on('Target.attachedToTarget', (event) => onEvent(root, 'Target.attachedToTarget', event));
  cdp.on('Target.receivedMessageFromTarget', (event) => onEvent(root, 'Target.receivedMessageFromTarget', event));
  await run.within(COMMAND_MS_MAX, cdp.send('Target.setAutoAttach', AUTO_ATTACH));
}
