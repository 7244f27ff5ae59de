/// <reference lib="dom" />
/**
 * Scrolls through the page a screen at a time, two frames each, so that lazy parts begin to load, and back to the top.
 * Ends at the bottom, at `bottomMax` pixels, or after `msMax`: a feed that grows for ever is not followed for ever.
 */
export async function scrollThrough(limits: { bottomMax: number; msMax: number }): Promise<void> {
  const until = performance.now() + limits.msMax;
  const start = { x: window.scrollX, y: window.scrollY };
  const frames = () =>
    new Promise<void>((resolve) => {
      setTimeout(resolve, 100); // A frame may never come in a page that is not drawn.
      requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
    });
  const root = document.documentElement;
  const growthMax = Math.min(limits.bottomMax, Math.max(root.scrollHeight * 3, window.innerHeight * 10));
  let y = 0;
  while (y + window.innerHeight < Math.min(root.scrollHeight, growthMax) && performance.now() < until) {
    y += window.innerHeight;
    window.scrollTo({ left: 0, top: y, behavior: 'instant' });
    await frames();
  }
  window.scrollTo({ left: start.x, top: start.y, behavior: 'instant' });
  await frames();
}
