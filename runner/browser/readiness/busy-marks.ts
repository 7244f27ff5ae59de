/// <reference lib="dom" />
import type { BusyMark, BusyWords } from './busy-words.ts';
import type { PageWatch } from './page-watch.ts';

export type BusyMarks = {
  /** The sign that holds longest among those that are seen; `wholePage` also counts the ones outside the view. */
  find(wholePage: boolean): BusyMark | null;
};

/**
 * Looks for skeletons, spinners and `aria-busy`. A plain sign holds until the time is over: then the page is not
 * finished, and saying so is the truth. A doubtful one holds for a moment only, because pages that are finished carry
 * spinners as ornaments. Runs in the page: uses nothing from outside itself.
 */
export function watchBusyMarks(watch: PageWatch, words: BusyWords): BusyMarks {
  const FOREVER = Number.POSITIVE_INFINITY;
  const LIMIT = {
    doubtMs: 2500,
    ornamentMs: 800,
    elsewhereMs: 3000,
    marks: 400,
    animations: 300,
    lineHeight: 200,
    lines: 2,
    linesMs: 5000,
  };
  const SKELETONS =
    '.skeleton,.shimmer,.placeholder-glow,.placeholder-wave,.MuiSkeleton-root,.ant-skeleton-active,.mantine-Skeleton-root[data-visible],.chakra-skeleton,.v-skeleton-loader__bone,.el-skeleton,.react-loading-skeleton,.p-skeleton,.bp5-skeleton,.bp6-skeleton,.rs-placeholder,.animate-pulse,.content-loader,.ph-item,[data-slot="skeleton"]';
  const SPINNERS =
    '.spinner,.loader,.loading,.spinner-border,.spinner-grow,.animate-spin,.fa-spin,.MuiCircularProgress-indeterminate,.MuiLinearProgress-indeterminate,.ant-spin-spinning,.mantine-Loader-root,.chakra-spinner,.v-progress-circular--indeterminate,.v-progress-linear--indeterminate,.el-loading-mask,.p-progress-spinner,.p-progressspinner,.p-datatable-loading-overlay,.k-loading-mask,.dx-loadpanel-content,.ag-overlay-loading-center,.sapUiLocalBusyIndicator,.slds-spinner,.bp5-spinner,.bp6-spinner,.euiLoadingSpinner,.euiLoadingChart,.euiLoadingContent,.panel-loading,.blockUI,.nprogress-busy,progress:not([value]),mat-spinner,.mat-mdc-progress-spinner[mode="indeterminate"],fluent-progress-ring,sl-spinner,ion-spinner';
  const ANY_NAME =
    '[class*="skeleton" i],[class*="shimmer" i],[class*="spinner" i],[class*="loading-indicator" i],[data-loading="true"],[data-state="loading"],[data-testid*="skeleton" i],[data-testid*="spinner" i],[role="progressbar"]:not([aria-valuenow]):not(progress)';
  const ALIVE =
    /\b(?:live|online|connected|syncing|synced|auto[- ]?refresh|auto[- ]?update|recording|real[- ]?time|streaming|monitoring)\b/i;
  const MOVES = /skeleton|shimmer|pulse|wave|placeholder|glow|load|spin|rotat|circular|dash|bounce|ellipsis/i;

  // Applications replace methods of the language and of elements by their own, or take them away: these are the browser's.
  const natives = { trim: String.prototype.trim, closest: Element.prototype.closest };
  const { bare } = watch;
  const trimmed = (text: string | null): string => Reflect.apply(natives.trim, text ?? '', []);
  const isInside = (element: Element, selector: string) => Reflect.apply(natives.closest, element, [selector]) !== null;
  const boxOf = (element: Element) => bare(element).getBoundingClientRect();
  const isIn = (box: DOMRect) => box.bottom > 0 && box.right > 0 && box.top < window.innerHeight && box.left < window.innerWidth;
  const isShown = (element: Element) => {
    const box = boxOf(element);
    return box.width > 1 && box.height > 1 && bare(element).checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  /** Text that a person can read in it: hidden and transparent text is how kits keep the size of what is to come. */
  const readable = (element: Element) => {
    const walker = bare(document).createTreeWalker(element, NodeFilter.SHOW_TEXT);
    let text = '';
    for (let node = walker.nextNode(), seen = 0; node && seen < 50 && text.length < 200; node = walker.nextNode(), seen++) {
      const parent = node.parentElement;
      const words = trimmed(node.nodeValue);
      if (!parent || words === '' || !isShown(parent)) continue;
      if (!/^(?:rgba\(.*, 0\)|transparent)$/.test(getComputedStyle(parent).color)) text += `${words} `;
    }
    return trimmed(text);
  };
  const isAnimated = (element: Element) => {
    for (const animation of bare(element).getAnimations({ subtree: true }))
      if (animation.effect?.getComputedTiming().iterations === FOREVER) return true;
    return false;
  };
  const isCovered = (element: Element) => {
    const box = boxOf(element);
    if (!isIn(box) || getComputedStyle(element).pointerEvents === 'none') return false;
    const root: Node = bare(element).getRootNode();
    if (!(root instanceof Document || root instanceof ShadowRoot)) return false;
    const top = bare(root).elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return top !== null && !bare(element).contains(top) && !bare(top).contains(element);
  };

  // Bootstrap and others hide their skeletons from screen readers, so `aria-hidden` says nothing about a skeleton. One
  // that shows text has its content already: Chakra keeps the class on what is loaded (the fixture "a kit's class stays").
  const skeleton = (element: Element): number =>
    readable(element) !== '' || (bare(element).matches('.animate-pulse') && boxOf(element).width < 24) ? 0 : FOREVER;
  // Ornaments, each in the fixture "a finished page with ornaments that spin": hidden from screen readers, part of a
  // button or a link, a "live" light beside its word, or covered by what has come since.
  const spinner = (element: Element): number => {
    if (isInside(element, 'button,a,[role="button"],[role="tab"]')) return LIMIT.ornamentMs;
    if (isInside(element, '[aria-hidden="true"]')) return LIMIT.doubtMs;
    const around = bare(element).parentElement;
    const said = around && around !== bare(document).body ? readable(around) : '';
    if (said.length < 60 && ALIVE.test(said)) return LIMIT.ornamentMs;
    const own = readable(element);
    // A word such as `loading` is also left on containers whose content has come.
    if (own.length >= 20 && !words.says(own) && !isAnimated(element)) return LIMIT.doubtMs;
    return isCovered(element) ? LIMIT.doubtMs : FOREVER;
  };
  // A name that only sounds like a sign is believed where it moves and is empty.
  const anyName = (element: Element): number => {
    if (readable(element) !== '') return 0;
    return isAnimated(element) ? spinner(element) : LIMIT.doubtMs;
  };
  const KINDS: [string, string, (element: Element) => number][] = [
    ['`aria-busy`', '[aria-busy="true"]', () => FOREVER],
    ['a skeleton', SKELETONS, skeleton],
    ['a spinner', SPINNERS, spinner],
    ['a loading sign', ANY_NAME, anyName],
  ];

  const turnsOrPulses = (effect: KeyframeEffect) => {
    for (const frame of effect.getKeyframes())
      if (/rotate/.test(String(frame.transform ?? '')) || 'rotate' in frame || 'opacity' in frame) return true;
    return false;
  };
  /** A gradient that is moved through the shape: Chromium tells the two axes of a style sheet, and both in one of a script. */
  const shimmers = (effect: KeyframeEffect) => {
    for (const frame of effect.getKeyframes())
      if ('backgroundPosition' in frame || 'backgroundPositionX' in frame || 'backgroundPositionY' in frame) return true;
    return false;
  };
  /** Empty shapes that pulse or turn for ever, under whatever name: the skeletons of kits that nobody listed. */
  const moving = (): BusyMark | null => {
    let [shapes, lines] = [0, 0];
    const roots = watch.roots();
    for (let at = 0; at < roots.length; at++) {
      const root = roots[at];
      const animations = root ? bare(root).getAnimations() : [];
      for (let index = 0; index < animations.length && index < LIMIT.animations; index++) {
        const animation = animations[index];
        const effect = animation?.effect;
        if (!(effect instanceof KeyframeEffect) || effect.getComputedTiming().iterations !== FOREVER || !effect.target) continue;
        const named = animation instanceof CSSAnimation && MOVES.test(animation.animationName);
        const isShimmer = shimmers(effect);
        if (!named && !effect.pseudoElement && !isShimmer && !turnsOrPulses(effect)) continue;
        const box = boxOf(effect.target);
        const isEmpty = readable(effect.target) === '' && !bare(effect.target).querySelector('img,svg,canvas,video');
        if (!(box.width >= 24 && box.height >= 8 && isIn(box) && isShown(effect.target) && isEmpty)) continue;
        shapes++;
        // The lines of a text that is to come; one alone, or one as high as a hero, may be an ornament.
        if (isShimmer && box.height <= LIMIT.lineHeight) lines++;
      }
    }
    if (lines >= LIMIT.lines) return { what: 'empty lines that shimmer', holdsMs: LIMIT.linesMs };
    return shapes > 0 ? { what: 'empty shapes that pulse', holdsMs: LIMIT.doubtMs } : null;
  };
  return {
    find: (wholePage) => {
      let worst: BusyMark | null = null;
      const consider = (mark: BusyMark | null) => {
        if (mark && mark.holdsMs > (worst?.holdsMs ?? 0)) worst = mark;
      };
      for (let kind = 0; kind < KINDS.length; kind++) {
        const [what, selector, judge] = KINDS[kind] ?? ['', '', () => 0];
        const marks = watch.find(selector);
        for (let index = 0; index < marks.length && index < LIMIT.marks; index++) {
          const element = marks[index];
          if (!element || !isShown(element)) continue;
          const seen = isIn(boxOf(element));
          if (!seen && !wholePage) continue;
          const holdsMs = judge(element);
          if (holdsMs > 0) consider({ what, holdsMs: seen ? holdsMs : Math.min(holdsMs, LIMIT.elsewhereMs) });
          if (seen && holdsMs === FOREVER) return worst;
        }
      }
      consider(moving());
      consider(words.find());
      return worst;
    },
  };
}
