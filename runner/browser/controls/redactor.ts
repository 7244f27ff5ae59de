/// <reference lib="dom" />
import { findMatches, type TextMatch, type TextRule } from '#shared/redact-matches.ts';
import { type Blanker, type BlankTools, makeBlanker } from './redact-blank.ts';
import { type BreakTools, findOverBreaks, type Line, type Span } from './redact-breaks.ts';
import { flattenDrawings } from './redact-drawings.ts';
import { type ElementRedactor, type ElementTools, makeElementRedactor } from './redact-element.ts';
import { type Ledger, makeLedger, type RedactorState } from './redact-ledger.ts';
import { makePseudoReader, type PseudoReader } from './redact-pseudo.ts';
import { type Owner, type Segment, type WalkTools, walkPage } from './redact-runs.ts';
import { makeTextRedactor, type PageRule, type TextRedactor, type TextTools } from './redact-text.ts';

/**
 * The in-page half of redaction. It lives in an isolated world of each frame: it shares the nodes of the page and none of
 * its scripts, so that no patched prototype and no policy of the page reaches it.
 */
export type Redactor = {
  sweep(): RedactorState;
  /** Sweeps and forgets what was late so far: from here on everything counts. */
  mark(): RedactorState;
  /** Sweeps; whatever it still finds is late. */
  check(): RedactorState;
  addClosedRoot(node: Node): void;
  /** Makes pixels of drawings; `textless` are addresses of pictures that hold no text. Returns how many there were. */
  flatten(textless: readonly string[]): number;
};
type Tools = {
  walkPage(start: Element, owned: Owner | null, tools: WalkTools): void;
  makeTextRedactor(tools: TextTools): TextRedactor;
  makeElementRedactor(tools: ElementTools): ElementRedactor;
  makeBlanker(tools: BlankTools): Blanker;
  makePseudoReader(mayWrite: () => boolean, later: (write: () => void) => void): PseudoReader;
  makeLedger(rules: readonly PageRule[]): Ledger;
  flattenDrawings(roots: Iterable<Document | ShadowRoot>, textless: readonly string[]): number;
  find(text: string, rule: TextRule): TextMatch[];
  findOverBreaks(lines: readonly Line[], tools: BreakTools): Span[];
};

/** Makes the redactor of one document and keeps it at work. Runs in the page: uses nothing from outside itself. */
export function makeRedactor(rules: readonly PageRule[], tools: Tools, events: { value: string; shadow: string }): Redactor {
  const TICK_MS = 50;
  const watched = { subtree: true, childList: true, attributes: true, characterData: true };
  const closed = new WeakMap<Element, ShadowRoot>();
  const roots = new Set<Document | ShadowRoot>();
  const ledger = tools.makeLedger(rules);
  const { hit, mayWrite, fail, isTreated, later, afterwards, settle } = ledger;
  const matches = (element: Element, css: string) => {
    try {
      return element.matches(css);
    } catch {
      return false; // A selector of Playwright's own kind: its elements carry the mark, which stands in `css` instead.
    }
  };
  const ruleOf = (element: Element) => {
    const rule = rules.findIndex((entry) => entry.css !== null && matches(element, entry.css));
    if (rule < 0) return null;
    ledger.name(rule, element);
    return rule;
  };

  const observer = new MutationObserver((records) => onRecords(records));
  const watch = (root: Document | ShadowRoot) => {
    if (roots.has(root)) return;
    roots.add(root);
    observer.observe(root, watched);
  };
  const shadowOf = (element: Element) => {
    const root = element.shadowRoot ?? closed.get(element) ?? null;
    if (root) watch(root);
    return root;
  };
  const parentOf = (node: Node): Element | null => {
    const parent = node.parentNode;
    if (parent instanceof ShadowRoot) return parent.host;
    return parent instanceof Element ? parent : null;
  };
  const ownerAbove = (element: Element): Owner | null => {
    let owner: Owner | null = null;
    for (let at = parentOf(element); at; at = parentOf(at)) {
      const rule = ruleOf(at);
      if (rule !== null) owner = { rule, element: at };
    }
    return owner;
  };

  const texts = tools.makeTextRedactor({ rules, find: tools.find, findOverBreaks: tools.findOverBreaks, hit });
  const pseudo = tools.makePseudoReader(mayWrite, later);
  const blanker = tools.makeBlanker({ rules, hit, mayWrite, fail, isTreated, shadowOf, later, afterwards, adoptSheet: pseudo.adoptSheet });
  const elements = tools.makeElementRedactor({ rules, text: texts, hit, mayWrite, blanker });
  const text = (node: Text, owner: Owner | null): Segment => ({
    value: node.data,
    owner,
    place: node,
    key: 'text',
    write: (value) => {
      if (!mayWrite()) return;
      later(() => {
        node.data = value;
      });
    },
  });
  const walk = (start: Element) => {
    tools.walkPage(start, ownerAbove(start), {
      ruleOf,
      shadowOf,
      text,
      onRun: texts.run,
      onElement: elements.element,
      onLeave: blanker.leave,
      pseudo: pseudo.read,
    });
    settle();
  };

  /** The box around a change, whose text is looked at again as a whole, and the row in which that box stands. */
  const boxAround = (node: Node): Element | null => {
    let at = node instanceof Element ? node : parentOf(node);
    while (at && /^(inline|contents)/.test(getComputedStyle(at).display)) {
      const parent = parentOf(at);
      if (!parent) break;
      at = parent;
    }
    const row = at && parentOf(at);
    return row && /flex|grid|inline|table-row/.test(getComputedStyle(row).display) ? row : at;
  };
  const onRecords = (records: readonly { target: Node; attributeName: string | null }[]) => {
    const boxes = new Set<Element>();
    for (const { target, attributeName } of records) {
      if (attributeName?.startsWith('data-sessionshot-')) continue;
      const node = target instanceof ShadowRoot ? target.host : target;
      const box = node.isConnected ? (boxAround(node) ?? document.documentElement) : null;
      if (box) boxes.add(box);
    }
    for (const box of boxes) if (![...boxes].some((other) => other !== box && other.contains(box))) walk(box);
  };
  const fields = () => {
    for (const root of roots)
      for (const field of root.querySelectorAll('input,textarea')) {
        const rule = ruleOf(field);
        elements.field(field, rule === null ? ownerAbove(field) : { rule, element: field });
      }
  };
  const sweep = () => {
    watch(document);
    ledger.forgetFailed();
    ledger.sweeping(() => {
      if (document.documentElement) walk(document.documentElement);
    });
    observer.takeRecords(); // Our own writes, which a page cannot have mixed with any of its own.
  };
  // A value that a script sets changes no node. The hooks in the page tell of it at once; the clock finds what they miss.
  const onEvent = (event: Event) => {
    const target = event.composedPath()[0];
    if (target instanceof Element && event.type === events.shadow) {
      shadowOf(target);
      walk(target);
    } else fields();
  };
  for (const name of [events.value, events.shadow, 'input']) document.addEventListener(name, onEvent, { capture: true });
  setInterval(() => {
    ledger.tick();
    ledger.asLate(fields);
  }, TICK_MS);
  watch(document);

  return {
    sweep: () => {
      sweep();
      return ledger.state();
    },
    mark: () => {
      sweep();
      ledger.forgetLate();
      return ledger.state();
    },
    check: () => {
      ledger.asLate(sweep);
      return ledger.state();
    },
    flatten: (textless) => tools.flattenDrawings(roots, textless),
    addClosedRoot: (node) => {
      const root = node.getRootNode();
      if (root instanceof ShadowRoot) {
        closed.set(root.host, root);
        shadowOf(root.host);
      }
    },
  };
}

/** The name under which the redactor of a document is found in its own world. */
export const REDACTOR = '__redactor';

/** The script that makes the redactor of a document once. Its value says whether it was made now. */
export function redactorScript(rules: readonly PageRule[], events: { value: string; shadow: string }): string {
  const tools = `{ walkPage: ${walkPage}, makeTextRedactor: ${makeTextRedactor}, makeElementRedactor: ${makeElementRedactor}, makeBlanker: ${makeBlanker}, makePseudoReader: ${makePseudoReader}, makeLedger: ${makeLedger}, flattenDrawings: ${flattenDrawings}, find: ${findMatches}, findOverBreaks: ${findOverBreaks} }`;
  return `(() => { if (globalThis.${REDACTOR}) return false; globalThis.${REDACTOR} = (${makeRedactor})(${JSON.stringify(rules)}, ${tools}, ${JSON.stringify(events)}); return true; })()`;
}
