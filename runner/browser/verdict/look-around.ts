/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

export type Words = Record<
  | 'signIn'
  | 'handOver'
  | 'sessionOver'
  | 'mustSignIn'
  | 'signOut'
  | 'denied'
  | 'otherPurpose'
  | 'error'
  | 'botCheck'
  | 'code'
  | 'setUp'
  | 'mailed'
  | 'chooser'
  | 'otherAccount'
  | 'passwordOver'
  | 'secret'
  | 'refusal'
  | 'failed'
  | 'broken'
  | 'closed'
  | 'besideError'
  | 'locked'
  | 'scan'
  | 'ownSecret'
  | 'actsOn',
  string
>;

/**
 * Eyes for a document: what is shown, what it says. Runs in the page: uses nothing from outside itself. Documents of tens
 * of thousands of elements are looked at three times, so lists are read by index, and what is costly is asked last. `closed`:
 * shadow trees that no property leads to.
 */
export function lookAround(words: Words, bare: Bare, closed: readonly ShadowRoot[]) {
  const DIALOGS = 'dialog[open],[role="dialog"],[role="alertdialog"],[aria-modal="true"]';
  /** All but what large pages consist of and what cannot have a shadow root. */
  const [MAY_BE_HOST, ROOTS_MAX] = ['*:not(td,tr,a,li,option,path,input,button,form)', 500];
  const squash = (text: string) => text.replace(/\s+/g, ' ').trim();
  const is = (pattern: string) => {
    // Made when it is first asked: most pages are asked few of them, and each page is a new world.
    let expression: RegExp | null = null;
    return (text: string) => {
      expression ??= new RegExp(pattern, 'i');
      return expression.test(squash(text));
    };
  };
  const says = {
    signIn: is(words.signIn),
    handOver: is(words.handOver),
    sessionOver: is(words.sessionOver),
    mustSignIn: is(words.mustSignIn),
    signOut: is(words.signOut),
    denied: is(words.denied),
    otherPurpose: is(words.otherPurpose),
    error: is(words.error),
    botCheck: is(words.botCheck),
    code: is(words.code),
    setUp: is(words.setUp),
    mailed: is(words.mailed),
    chooser: is(words.chooser),
    otherAccount: is(words.otherAccount),
    passwordOver: is(words.passwordOver),
    secret: is(words.secret),
    refusal: is(words.refusal),
    failed: is(words.failed),
    broken: is(words.broken),
    closed: is(words.closed),
    besideError: is(words.besideError),
    locked: is(words.locked),
    scan: is(words.scan),
    ownSecret: is(words.ownSecret),
    actsOn: is(words.actsOn),
    maintenance: is('maintenance|wartung'),
    keeps: is('^(?:save|apply|publish|update|speichern|übernehmen|enregistrer|guardar|salva|opslaan|保存)(?![a-z])'),
    goesOn: is(
      '^(?:continue|next|proceed|submit|go|get started|weiter|suivant|continuer|siguiente|continuar|próximo|avanti|continua|volgende|dalej|далее|продолжить|次へ|続行|下一步|다음|[→>»]*)$',
    ),
    accompanies: is(
      '^$|help|support|contact|terms|privacy|imprint|impressum|legal|cookie|forgot|reset|recover|trouble|sign[ -]?up|register|create (?:an |your )?account|get (?:an )?account|learn more|language|english|deutsch|français|español|datenschutz|hilfe|©',
    ),
  };

  const page = bare(document);
  const closedOf = new Map<Element, ShadowRoot>(closed.map((root) => [root.host, root]));
  const shadowOf = (element: Element): ShadowRoot | null => bare(element).shadowRoot ?? closedOf.get(element) ?? null;
  const roots: (Document | ShadowRoot)[] = [document];
  for (let i = 0; i < roots.length && i < ROOTS_MAX; i++) {
    const elements = bare(roots[i] ?? document).querySelectorAll(MAY_BE_HOST);
    for (let at = 0, count = elements.length; at < count; at++) {
      const element = elements[at];
      const shadow = element?.shadowRoot ?? (element && closedOf.get(element));
      if (shadow) roots.push(shadow);
    }
  }
  const find = (selector: string, within: readonly (Document | ShadowRoot | Element)[] = roots) =>
    within.flatMap((root) => [...bare(root).querySelectorAll(selector)]);
  const parentOf = (element: Element): Element | null => {
    const root: Node = bare(element).getRootNode();
    return bare(element).parentElement ?? (root instanceof ShadowRoot ? root.host : null);
  };

  /** Seen by a person: has a place that no ancestor cuts off and that does not lie beside the page. */
  const isShown = (element: Element) => {
    const box = bare(element).getBoundingClientRect();
    if (box.width <= 1 || box.height <= 1 || !bare(element).checkVisibility({ opacityProperty: true, visibilityProperty: true }))
      return false;
    let { left, right, top, bottom } = box;
    let isFixed = false;
    for (let at: Element | null = element; at && at !== page.documentElement && at !== page.body; at = parentOf(at)) {
      const style = getComputedStyle(at);
      if (style.position === 'fixed') isFixed = true;
      if (at === element || style.overflow === 'visible') continue;
      const clip = bare(at).getBoundingClientRect();
      // A scrolling ancestor shows the rest on demand; one that is folded to nothing shows none of it.
      if (clip.width <= 1 || clip.height <= 1) return false;
      if (style.overflowX !== 'visible') [left, right] = [Math.max(left, clip.left), Math.min(right, clip.right)];
      if (style.overflowY === 'hidden' || style.overflowY === 'clip')
        [top, bottom] = [Math.max(top, clip.top), Math.min(bottom, clip.bottom)];
      if (right - left <= 1 || bottom - top <= 1) return false;
    }
    if (isFixed) return right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
    return right + scrollX > 0 && bottom + scrollY > 0;
  };
  const labelOf = (element: Element) =>
    bare(element).getAttribute('aria-label') ||
    (element instanceof HTMLInputElement ? element.value : '') ||
    bare(element).textContent ||
    '';
  const textOf = (element: Element) => (element instanceof HTMLElement ? bare(element).innerText : (bare(element).textContent ?? ''));
  /** The first of the elements that are shown, `max` at most. */
  const shownOf = <T extends Element>(elements: readonly T[], max: number) => {
    const shown: T[] = [];
    for (let i = 0; i < elements.length && shown.length < max; i++) {
      const element = elements[i];
      if (element && isShown(element)) shown.push(element);
    }
    return shown;
  };

  return { bare, DIALOGS, says, squash, roots, shadowOf, find, parentOf, isShown, shownOf, labelOf, textOf };
}
export type Look = ReturnType<typeof lookAround>;
