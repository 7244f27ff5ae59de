import { createContext, Script } from 'node:vm';
import type { CDPSession } from 'playwright';
import { LIMITS } from '#shared/limits.ts';
import { type RedactRule, textRuleOf } from '#shared/redact.ts';
import { findMatches, type TextRule } from '#shared/redact-matches.ts';
import type { CaptureRun } from '../capture-run.ts';

/** How long the caller's own expressions may take over all that one snapshot holds; then the proof has failed. */
const REGEX_MS_MAX = 2000;
const SEPARATOR = '\u0000';
/** Attributes that reach neither a picture nor the text, links and structure of a PDF. */
const UNSEEN =
  /^(src|srcset|class|id|style|d|points|transform|integrity|nonce|srcdoc|poster|background|action|formaction|for|name|type|on.*|data-sessionshot-.*)$/;

/**
 * Looks at what was laid out, as the browser itself reports it: text with generated content, values of fields and
 * attributes, closed shadow trees included. Returns the rules by text that still find something. It shares nothing with
 * the scripts that redact but the matching itself.
 */
export async function findLeaks(sessions: readonly CDPSession[], rules: readonly RedactRule[], run: CaptureRun): Promise<number[]> {
  const looked = rules.map(textRuleOf);
  if (looked.every((rule) => rule === null)) return [];
  const texts = (await Promise.all(sessions.map((session) => readTexts(session, run)))).flat();
  return looked.flatMap((rule, at) => (rule && findsAny(texts, rule) ? [at] : []));
}

/** Tells whether a rule finds something in one of these texts. A caller's expression is ended after `REGEX_MS_MAX`, by a throw. */
export function findsAny(texts: readonly string[], rule: TextRule): boolean {
  if (rule.kind !== 'regex') return texts.some((text) => findMatches(text, rule).length > 0);
  const context = createContext({ texts: texts.join(SEPARATOR), source: rule.source, flags: rule.flags, separator: SEPARATOR });
  const search = new Script('{ const rule = new RegExp(source, flags); texts.split(separator).some((text) => rule.test(text)); }');
  return search.runInContext(context, { timeout: REGEX_MS_MAX }) === true;
}

async function readTexts(session: CDPSession, run: CaptureRun): Promise<string[]> {
  const { documents, strings } = await run.within(
    LIMITS.redactSweepMsMax,
    session.send('DOMSnapshot.captureSnapshot', { computedStyles: [] }),
  );
  const at = (index: number | undefined) => (index === undefined || index < 0 ? '' : (strings[index] ?? ''));
  const texts = documents.flatMap(({ title, layout, nodes }) => [
    at(title),
    ...layout.text.map(at),
    ...(nodes.inputValue?.value ?? []).map(at),
    ...(nodes.textValue?.value ?? []).map(at),
    ...(nodes.attributes ?? []).flatMap((pairs) =>
      pairs.flatMap((value, index) => (index % 2 === 1 && !UNSEEN.test(at(pairs[index - 1])) ? [at(value)] : [])),
    ),
  ]);
  return [...new Set(texts)].filter((text) => text.trim() !== '').map(readable);
}

function readable(text: string): string {
  return text
    .replaceAll(SEPARATOR, '')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/\s+/g, ' ');
}

/** Nodes, one of each closed shadow tree at least, by the number that the browser knows them by. */
export async function closedRootsOf(session: CDPSession, run: CaptureRun): Promise<number[]> {
  const { documents, strings } = await run.within(
    LIMITS.redactSweepMsMax,
    session.send('DOMSnapshot.captureSnapshot', { computedStyles: [] }),
  );
  return documents.flatMap(({ nodes }) =>
    (nodes.shadowRootType?.index ?? []).flatMap((index, at) => {
      const type = strings[nodes.shadowRootType?.value[at] ?? -1];
      const id = nodes.backendNodeId?.[index];
      return type === 'closed' && id !== undefined ? [id] : [];
    }),
  );
}
