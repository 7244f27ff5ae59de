/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/**
 * `style` is CSS of the caller for the picture, empty for none. Without `hasTimers` the page has none that would run, as
 * where scripts are switched off.
 */
export type Rest = { stopAnimations: boolean; hideCaret: boolean; style: string; hasTimers: boolean };

/**
 * Brings the page to rest for the picture: without a caret, and with `stopAnimations` finite animations at their end and
 * endless ones at their start, as Playwright does; those in open shadow trees too. The page is thrown away afterwards,
 * so nothing is put back. Waits for two frames only where an animation was ended, because only then something may answer
 * to it.
 */
export function restPage(options: Rest, bare: Bare = (node) => node): Promise<void> | undefined {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${options.hideCaret ? '*, *::before, *::after { caret-color: transparent !important; }' : ''}\n${options.style}`);
  window.__sessionshotProbe?.ownSheet(sheet);
  const roots: (Document | ShadowRoot)[] = [document];
  for (const root of roots) {
    bare(root).adoptedStyleSheets = [...bare(root).adoptedStyleSheets, sheet];
    for (const element of bare(root).querySelectorAll('*')) {
      const { shadowRoot } = bare(element);
      if (shadowRoot) roots.push(shadowRoot);
    }
  }
  if (!options.stopAnimations) return undefined;
  const DELAY_MS_MAX = 3000;
  let ended = 0;
  // Loops, not `flatMap`: applications replace such methods by their own.
  const animations = new Set<Animation>();
  for (const root of roots) for (const animation of bare(root).getAnimations()) animations.add(animation);
  for (const animation of animations) {
    const end = animation.effect?.getComputedTiming().endTime;
    if (animation.playbackRate === 0) continue; // Finishing it would throw: it never ends.
    // What is not to begin for a while is not on the page: a note for people who wait for long would cover it.
    const { delay = 0, progress } = animation.effect?.getComputedTiming() ?? {};
    if (progress === null && delay - Number(animation.currentTime ?? 0) > DELAY_MS_MAX) continue;
    ended += 1;
    if (typeof end === 'number' && Number.isFinite(end)) animation.finish();
    else animation.cancel();
  }
  if (ended === 0 || !options.hasTimers) return undefined;
  return new Promise<void>((resolve) => {
    setTimeout(resolve, 100); // A frame may never come in a page that is not drawn.
    requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
  });
}
