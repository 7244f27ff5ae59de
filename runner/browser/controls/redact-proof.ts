import type { CDPSession } from 'playwright';
import { LIMITS } from '#shared/limits.ts';
import type { CaptureRun } from '../capture-run.ts';
import type { TextSearch } from './redact-search.ts';

/** What lists begin their items with, and quotations, where no style names anything else. */
const BULLET = /^[•◦▪▸▾‣"'“”‘’«»„]+$/u;
/** Attributes that reach neither a picture nor the text, links and structure of a PDF. */
const UNSEEN =
  /^(src|srcset|class|id|style|d|points|transform|integrity|nonce|srcdoc|poster|background|action|formaction|for|name|type|on.*|data-sessionshot-.*)$/;

/** `replacements` are all that a rule may have left in an element that a selector names. */
type Proof = { search: TextSearch; run: CaptureRun; replacements: readonly string[] };
type Snapshot = Awaited<ReturnType<typeof takeSnapshot>>;

/**
 * Looks at what was laid out, as the browser itself reports it: text with generated content, values of fields and
 * attributes, closed shadow trees included. Returns the rules that still find something, and those by selector in whose
 * elements something else than a replacement stands. It shares nothing with
 * the scripts that redact but the matching itself.
 */
export async function findLeaks(sessions: readonly CDPSession[], { search, run, replacements }: Proof): Promise<number[]> {
  const snapshots = await Promise.all(sessions.map((session) => takeSnapshot(session, run)));
  return [...snapshots.flatMap((snapshot) => findOwned(snapshot, replacements)), ...(await search.rulesIn(snapshots.flatMap(readTexts)))];
}

function takeSnapshot(session: CDPSession, run: CaptureRun) {
  return run.within(LIMITS.redactSweepMsMax, session.send('DOMSnapshot.captureSnapshot', { computedStyles: [] }));
}

/** Rules whose elements, which the redactor has marked, show text that is no replacement: also counters, markers, quotes. */
function findOwned({ documents, strings }: Snapshot, replacements: readonly string[]): number[] {
  const at = (index: number | undefined) => strings[index ?? -1] ?? '';
  const mark = strings.indexOf('data-sessionshot-owned');
  if (mark < 0) return [];
  const allowed = replacements.map(bare);
  return documents.flatMap(({ layout, nodes }) => {
    const inner = new Set(
      (nodes.shadowRootType?.index ?? []).filter((_node, entry) => at(nodes.shadowRootType?.value[entry]) === 'user-agent'),
    );
    const ownerOf = (node: number): string | null => {
      for (let up: number = node; up >= 0; up = nodes.parentIndex?.[up] ?? -1) {
        if (inner.has(up)) return null; // The browser's own words, such as those of a button for files.
        const pairs = nodes.attributes?.[up] ?? [];
        const found = pairs.findIndex((name, index) => index % 2 === 0 && name === mark);
        if (found >= 0) return at(pairs[found + 1]);
      }
      return null;
    };
    return layout.text.flatMap((index, entry) => {
      const text = bare(at(index));
      if (text === '' || BULLET.test(text) || allowed.some((replacement) => replacement.includes(text))) return [];
      const rule = ownerOf(layout.nodeIndex[entry] ?? -1);
      return rule === null ? [] : [Number(rule)];
    });
  });
}

/** A text without what styles may change of it: its case, and where its lines end. */
function bare(text: string): string {
  return text.replace(/[\s\p{Default_Ignorable_Code_Point}]/gu, '').toLowerCase();
}

function readTexts({ documents, strings }: Snapshot): string[] {
  const indexes = documents.flatMap(({ title, layout, nodes }) => [
    title,
    ...layout.text,
    ...(nodes.inputValue?.value ?? []),
    ...(nodes.textValue?.value ?? []),
    ...(nodes.attributes ?? []).flatMap((pairs, node) => {
      const isLink = /^(a|area)$/i.test(strings[nodes.nodeName?.[node] ?? -1] ?? '');
      return pairs.filter((_value, index) => index % 2 === 1 && isSeen(strings[pairs[index - 1] ?? -1] ?? '', isLink));
    }),
  ]);
  return [...new Set(indexes)].map((index) => strings[index] ?? '');
}

/** An address is part of a PDF where it can be followed; that of a style sheet, a base or a part of a drawing is not. */
function isSeen(name: string, isLink: boolean): boolean {
  return !UNSEEN.test(name) && (isLink || !/^(xlink:)?href$/.test(name));
}

/** Nodes, one of each closed shadow tree at least, by the number that the browser knows them by. */
export async function closedRootsOf(session: CDPSession, run: CaptureRun): Promise<number[]> {
  const { documents, strings } = await takeSnapshot(session, run);
  return documents.flatMap(({ nodes }) =>
    (nodes.shadowRootType?.index ?? []).flatMap((index, at) => {
      const type = strings[nodes.shadowRootType?.value[at] ?? -1];
      const id = nodes.backendNodeId?.[index];
      return type === 'closed' && id !== undefined ? [id] : [];
    }),
  );
}
