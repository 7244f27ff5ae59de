import type { CDPSession } from 'playwright';
import { LIMITS } from '#shared/limits.ts';
import type { CaptureRun } from '../capture-run.ts';
import type { TextSearch } from './redact-search.ts';

/** Attributes that reach neither a picture nor the text, links and structure of a PDF. */
const UNSEEN =
  /^(src|srcset|class|id|style|d|points|transform|integrity|nonce|srcdoc|poster|background|action|formaction|for|name|type|on.*|data-sessionshot-.*)$/;

/**
 * Looks at what was laid out, as the browser itself reports it: text with generated content, values of fields and
 * attributes, closed shadow trees included. Returns the rules by text that still find something. It shares nothing with
 * the scripts that redact but the matching itself.
 */
export async function findLeaks(sessions: readonly CDPSession[], search: TextSearch, run: CaptureRun): Promise<number[]> {
  const texts = (await Promise.all(sessions.map((session) => readTexts(session, run)))).flat();
  return search.rulesIn(texts);
}

async function readTexts(session: CDPSession, run: CaptureRun): Promise<string[]> {
  const { documents, strings } = await run.within(
    LIMITS.redactSweepMsMax,
    session.send('DOMSnapshot.captureSnapshot', { computedStyles: [] }),
  );
  const indexes = documents.flatMap(({ title, layout, nodes }) => [
    title,
    ...layout.text,
    ...(nodes.inputValue?.value ?? []),
    ...(nodes.textValue?.value ?? []),
    ...(nodes.attributes ?? []).flatMap((pairs) =>
      pairs.filter((_value, index) => index % 2 === 1 && !UNSEEN.test(strings[pairs[index - 1] ?? -1] ?? '')),
    ),
  ]);
  return [...new Set(indexes)].map((index) => strings[index] ?? '');
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
