import { createRedaction } from '../controls/redact-page.ts';
import { render } from '../render/render.ts';
import type { Rendered } from '../render/rendered.ts';
import type { Visit } from './visit.ts';

/** Makes the result of a judged page, redacted where the request asks for it. */
export async function drawPicture(visit: Visit): Promise<Rendered> {
  const { page, cdp, run, payload, assetBytesMax } = visit;
  const { output, timeouts, redact } = payload.request;
  const draw = () => render({ page, cdp, run, output, actionTimeout: timeouts.action, bytesMax: assetBytesMax });
  if (redact.length === 0) return draw();
  const redaction = createRedaction(visit, visit.redactEvents);
  await redaction.apply();
  return redaction.guard(draw);
}
