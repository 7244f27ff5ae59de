/// <reference lib="dom" />
/**
 * Brings the videos of a frame to their first picture and stops the blinking of the caret, which leaves its trace in a
 * print even where its color is transparent. Runs in the page: uses nothing from outside itself.
 */
export async function stillPage(): Promise<void> {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { caret-animation: manual !important; }');
  const videos: HTMLVideoElement[] = [];
  const roots: (Document | ShadowRoot)[] = [document];
  for (const root of roots) {
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    videos.push(...root.querySelectorAll('video'));
    for (const element of root.querySelectorAll('*')) if (element.shadowRoot) roots.push(element.shadowRoot);
  }
  const rewind = (video: HTMLVideoElement) =>
    new Promise<void>((resolve) => {
      video.autoplay = false;
      video.pause();
      if (video.currentTime === 0) return resolve();
      video.addEventListener('seeked', () => resolve(), { once: true });
      setTimeout(resolve, 500); // A stream cannot be wound back.
      video.currentTime = 0;
    });
  await Promise.all(videos.map(rewind));
}
