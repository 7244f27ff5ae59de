/// <reference lib="dom" />
/** `style` is CSS of the caller for the picture, empty for none. */
export type Rest = { stopAnimations: boolean; hideCaret: boolean; style: string };

/**
 * Brings the page to rest for the picture: without a caret, and with `stopAnimations` finite animations at their end and
 * endless ones at their start, as Playwright does. The page is thrown away afterwards, so nothing is put back.
 */
export async function restPage(options: Rest): Promise<void> {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${options.hideCaret ? '*, *::before, *::after { caret-color: transparent !important; }' : ''}\n${options.style}`);
  const roots: (Document | ShadowRoot)[] = [document];
  for (const root of roots) {
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    for (const element of root.querySelectorAll('*')) if (element.shadowRoot) roots.push(element.shadowRoot);
  }
  if (options.stopAnimations) {
    for (const animation of document.getAnimations()) {
      const end = animation.effect?.getComputedTiming().endTime;
      if (animation.playbackRate === 0) continue; // Finishing it would throw: it never ends.
      if (typeof end === 'number' && Number.isFinite(end)) animation.finish();
      else animation.cancel();
    }
  }
  await new Promise<void>((resolve) => {
    setTimeout(resolve, 100); // A frame may never come in a page that is not drawn.
    requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
  });
}
