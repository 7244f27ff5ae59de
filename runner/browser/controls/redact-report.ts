import { REDACT_MASK, type RedactRule, textRuleOf } from '#shared/redact.ts';
import type { Observed } from '#shared/runner-protocol.ts';
import { findsAny } from './redact-proof.ts';

/** Writes a text that leaves the capture without what a rule by text finds: such a text is replaced as a whole word. */
export function redactText(text: string, rules: readonly RedactRule[]): string {
  if (rules.length === 0) return text;
  return text
    .split(/([\s/?#&"'()<>,;]+)/)
    .map((word) => (holdsAny(word, rules) ? REDACT_MASK : word))
    .join('');
}

/** What is told of the page beside the picture: the path of an address may hold what is redacted in it. */
export function redactObserved(observed: Observed, rules: readonly RedactRule[]): void {
  if (rules.length === 0) return;
  if (observed.finalUrl !== null) observed.finalUrl = redactText(observed.finalUrl, rules);
  const settledBy = observed.readiness?.settledBy;
  if (observed.readiness && settledBy !== undefined)
    observed.readiness = { ...observed.readiness, settledBy: redactText(settledBy, rules) };
}

/** Tells whether an address or template holds what a rule by text finds, written plainly or percent-encoded. */
export function holdsAny(text: string, rules: readonly RedactRule[]): boolean {
  if (text.trim() === '') return false;
  const texts = [...new Set([text, decode(text)])];
  return rules.some((rule) => {
    const looked = textRuleOf(rule);
    if (!looked) return false;
    try {
      return findsAny(texts, looked);
    } catch {
      return true; // The expression took too long: what it would have found is not known.
    }
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // Not percent-encoded text.
  }
}
