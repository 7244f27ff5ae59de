/// <reference lib="dom" />
import type { PageWatch } from './page-watch.ts';

/** A sign that says "not finished": what it is, in our words, and how long it holds up a page that is quiet otherwise. */
export type BusyMark = { what: string; holdsMs: number };
export type BusyWords = {
  /** Whether a text says by itself that something is still being loaded or made. */
  says(text: string): boolean;
  /** The first such text that is seen, as a sign that holds for some seconds. */
  find(): BusyMark | null;
};

/** Looks for texts like "Loading…" that stand alone. Runs in the page: uses nothing from outside itself. */
export function watchBusyWords({ bare }: PageWatch): BusyWords {
  const LIMIT = { wordsMs: 8000, texts: 400 };
  const WORDS =
    /^(?:loading|fetching|redirecting|one moment|please wait|just a moment|wird geladen|lade|laden|chargement|cargando|caricamento|carregando|bezig met laden|読み込み中|加载中)(?: [\p{L}\p{N} ]{1,40})?\s?(?:…|\.\.\.)$|^please wait\.?$/iu;
  // Work in progress, named with what it makes: `Processing…` alone is the state of an order.
  const WORK =
    /^(?:generating|preparing|building|rendering|creating|calculating|retrieving|erstelle|generiere|génération|préparation|generando|preparando|gerando) [\p{L}\p{N} ]{0,30}(?:reports?|dashboards?|data|charts?|documents?|previews?|results?|views?|bericht|daten|rapport|données|informe|datos|relatório|dados)(?:,? (?:please wait|bitte warten|veuillez patienter|por favor espere|espere por favor|aguarde))?\s?(?:…|\.\.\.)$/iu;
  const MAYBE_WORDS = '//text()[string-length(.) < 80][contains(., "…") or contains(., "...") or contains(., "lease wait")]';

  // Applications replace methods of the language by their own, or take them away: this is the browser's.
  const { trim } = String.prototype;
  const trimmed = (text: string | null): string => Reflect.apply(trim, text ?? '', []);
  const says = (text: string) => WORDS.test(text) || WORK.test(text);
  const isSeen = (element: Element) => {
    const { width, height, top, bottom, left, right } = bare(element).getBoundingClientRect();
    const isIn = bottom > 0 && right > 0 && top < window.innerHeight && left < window.innerWidth;
    return isIn && width > 1 && height > 1 && bare(element).checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  const find = (): BusyMark | null => {
    if (!/…|\.\.\.|lease wait/.test(bare(document).body?.textContent ?? '')) return null;
    // The browser looks through the texts itself: a script that touches each of them costs ten times as much.
    const texts = bare(document).evaluate(MAYBE_WORDS, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE);
    for (let index = 0; index < texts.snapshotLength && index < LIMIT.texts; index++) {
      const node = texts.snapshotItem(index);
      const parent = node?.parentElement;
      if (!node || !parent || !says(trimmed(node.nodeValue))) continue;
      if (isSeen(parent)) return { what: 'a text like "Loading…"', holdsMs: LIMIT.wordsMs };
    }
    return null;
  };
  return { says, find };
}
