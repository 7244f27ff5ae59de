import { REDACT_MASK } from '#shared/redact.ts';
import type { Observed } from '#shared/runner-protocol.ts';
import { SearchExpired, type TextSearch } from './redact-search.ts';

/**
 * Writes a text that leaves the capture without what a rule by text finds: such a text is replaced as a whole word. Null
 * where that could not be found out in time.
 */
export async function redactText(text: string, search: TextSearch): Promise<string | null> {
  const [clean] = await redactTexts([text], search);
  return clean ?? null;
}

/** What is told of the page beside the picture: addresses may hold what is redacted in it. */
export async function redactObserved(observed: Observed, search: TextSearch): Promise<void> {
  const { finalUrl, readiness, egress, controls } = observed;
  const settledBy = readiness?.settledBy;
  const writes = controls?.readOnly?.blocked ?? [];
  const texts = [finalUrl ?? '', settledBy ?? '', ...writes.map(({ url }) => url), ...(egress?.hosts ?? [])];
  const refused = egress?.blocked ?? [];
  const cleaned = await redactTexts([...texts, ...refused.map(({ host }) => host)], search);
  const clean = cleaned.map((text) => text ?? REDACT_MASK).values();
  const next = () => clean.next().value ?? REDACT_MASK;
  const [url, settled] = [next(), next()];
  if (finalUrl !== null) observed.finalUrl = url;
  if (readiness && settledBy !== undefined) observed.readiness = { ...readiness, settledBy: settled };
  if (controls?.readOnly) observed.controls = { ...controls, readOnly: { blocked: writes.map((write) => ({ ...write, url: next() })) } };
  if (egress) observed.egress = { hosts: egress.hosts.map(next), blocked: refused.map((entry) => ({ ...entry, host: next() })) };
}

/** Null for each text where time was over: what it holds is not known. */
async function redactTexts(texts: readonly string[], search: TextSearch): Promise<(string | null)[]> {
  const split = texts.map((text) => text.split(/([\s/?#&"'()<>,;]+)/));
  const words = [...new Set(split.flat())].filter((word) => word.trim() !== '');
  try {
    const found = await search.textsWith(words, 'report');
    const hidden = new Set(words.filter((_word, index) => found.has(index)));
    return split.map((parts) => parts.map((word) => (hidden.has(word) ? REDACT_MASK : word)).join(''));
  } catch (error) {
    if (error instanceof SearchExpired) return texts.map(() => null);
    throw error;
  }
}
