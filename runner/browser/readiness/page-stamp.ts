/// <reference lib="dom" />
import type { PageWatch } from './page-watch.ts';

/**
 * `nodes`: the document and all that changes what it is; `shown`: what lies on top at some places of the view, and where;
 * `hasClosed`: a script has attached closed shadow trees, which no other world can read.
 */
export type Stamp = { nodes: string; shown: string; hasClosed: boolean };
export type StampPart = 'nodes' | 'all';
export type PageStamp = {
  /**
   * Twice the same stamp is the same page, as far as can be told without reading it. Changes nothing. `shown` is left
   * empty where only the `nodes` are asked for: to tell what lies on top, the page is laid out.
   */
  take(of: StampPart): Stamp;
  /** Closed shadow trees that a script attached and that are in the document. */
  closedRoots(): ShadowRoot[];
  /** Leaves a style sheet of ours out. */
  own(sheet: CSSStyleSheet): void;
};

/**
 * Tells a page from itself a moment later. Nodes are counted as they change. What shows a form without a change of nodes (a
 * popover, a checked box, a style that a script inserts or switches on, an animation that comes to its end, a frame that
 * grows) shows in the states that are counted here or, wherever it covers something, in what lies on top. Runs in the
 * page: uses nothing from outside itself.
 */
export function watchStamp(watch: PageWatch): PageStamp {
  const LIMIT = { columns: 8, rows: 6, depth: 5, sheets: 500 };
  const STATES = ':popover-open,:modal,:checked,details[open]';
  const FRAMES = 'iframe,frame,object,embed';
  const born = `${performance.timeOrigin}`;
  const hitAt = Document.prototype.elementFromPoint;
  const known = new WeakMap<Element, number>();
  const ours = new WeakSet<CSSStyleSheet>();
  let next = 0;

  const nameOf = (element: Element | null): number => {
    if (!element) return 0;
    let name = known.get(element);
    if (name === undefined) {
      name = ++next;
      known.set(element, name);
    }
    return name;
  };
  const topAt = (x: number, y: number): number => {
    let top: Element | null = Reflect.apply(hitAt, document, [x, y]);
    for (let depth = 0; top && depth < LIMIT.depth; depth++) {
      const inner: Element | null = watch.bare(top).shadowRoot?.elementFromPoint(x, y) ?? null;
      if (!inner || inner === top) break;
      top = inner;
    }
    return nameOf(top);
  };
  const boxOf = (element: Element): string => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return `${Math.round(x)} ${Math.round(y)} ${Math.round(width)} ${Math.round(height)}`;
  };
  /** Rules of another origin cannot be counted: whether such a sheet is on can. */
  const sheetState = (sheet: CSSStyleSheet): string => {
    try {
      return `${sheet.disabled}${sheet.cssRules.length}`;
    } catch {
      return `${sheet.disabled}`;
    }
  };
  const styles = (): string => {
    let text = '';
    const roots = watch.roots();
    for (let at = 0; at < roots.length; at++) {
      const root = roots[at];
      if (!root) continue;
      for (const list of [watch.bare(root).styleSheets, watch.bare(root).adoptedStyleSheets])
        for (let index = 0; index < list.length && index < LIMIT.sheets; index++) {
          const sheet = list[index];
          if (sheet && !ours.has(sheet)) text += `${sheetState(sheet)},`;
        }
      text += ';';
    }
    return text;
  };
  const closedRoots = () => {
    const closed: ShadowRoot[] = [];
    const roots = watch.roots();
    for (let at = 0; at < roots.length; at++) {
      const root = roots[at];
      if (root instanceof ShadowRoot && root.mode === 'closed' && root.isConnected) closed.push(root);
    }
    return closed;
  };
  return {
    closedRoots,
    own: (sheet) => void ours.add(sheet),
    take: (of) => {
      const states = watch.find(STATES);
      let marked = '';
      for (let index = 0; index < states.length; index++) marked += `${nameOf(states[index] ?? null)},`;
      const nodes = `${born} ${watch.changes()} ${marked} ${styles()}`;
      const hasClosed = closedRoots().length > 0;
      if (of === 'nodes') return { nodes, shown: '', hasClosed };
      let shown = `${scrollX} ${scrollY}`;
      for (let row = 0; row < LIMIT.rows; row++)
        for (let column = 0; column < LIMIT.columns; column++)
          shown += ` ${topAt((innerWidth * (column + 0.5)) / LIMIT.columns, (innerHeight * (row + 0.5)) / LIMIT.rows)}`;
      const frames = watch.find(FRAMES);
      for (let index = 0; index < frames.length; index++) {
        const frame = frames[index];
        if (frame) shown += ` ${boxOf(frame)}`;
      }
      return { nodes, shown, hasClosed };
    },
  };
}
