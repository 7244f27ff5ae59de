/// <reference lib="dom" />
import type { CDPSession } from 'playwright';
import { LIMITS } from '#shared/limits.ts';
import type { CaptureRun } from '../capture-run.ts';

/** What a picture in SVG shows text by: elements, elements that an entity brings, and a picture in the picture. */
const SHOWS_TEXT = /<(?:[\w-]+:)?(?:text|foreignObject)\b|<!ENTITY|svg\+xml/i;
/** A JPEG that carries more than its picture: it goes into a PDF as it is, with notes and what stands behind its end. */
const CARRIES = /^\xff\xd8.*(?:\xff(?:[\xe1\xe3-\xed\xef\xfe]|\xe0(?!..JFIF)|\xe2(?!..ICC_PROFILE)|\xee(?!..Adobe))|\xff\xd9.)/s;
const LOOKED_MAX = 200;
type FrameResources = { frame: { id: string }; resources: { url: string; mimeType: string }[]; childFrames?: FrameResources[] };

/** Addresses of pictures that hold no text: drawings without any, and pixels without notes. All others may hold some. */
export async function findTextless(session: CDPSession, run: CaptureRun): Promise<string[]> {
  const { frameTree } = await run.within(LIMITS.redactSweepMsMax, session.send('Page.getResourceTree'));
  const pictures = resourcesOf(frameTree).filter(({ mimeType }) => mimeType.startsWith('image/'));
  const looked = await Promise.all(
    pictures.slice(0, LOOKED_MAX).map(async ({ frameId, url, mimeType }) => {
      const answer = await run.within(LIMITS.redactSweepMsMax, session.send('Page.getResourceContent', { frameId, url })).catch(() => null); // No longer held by the browser: it may hold text.
      if (!answer) return [];
      const text = answer.base64Encoded ? Buffer.from(answer.content, 'base64').toString('latin1') : answer.content;
      // Pixels are what they are by their first bytes, whatever type the site names.
      const isPlain = mimeType.includes('svg') ? text.includes('<svg') && !SHOWS_TEXT.test(text) : text !== '' && !CARRIES.test(text);
      return isPlain ? [url] : [];
    }),
  );
  return looked.flat();
}

function resourcesOf(tree: FrameResources): { frameId: string; url: string; mimeType: string }[] {
  return [...tree.resources.map((entry) => ({ frameId: tree.frame.id, ...entry })), ...(tree.childFrames ?? []).flatMap(resourcesOf)];
}

/**
 * Makes pixels of all that shows a drawing which may hold text, a canvas (what is drawn into it while the page prints is
 * printed as text) or a JPEG with notes: printed as it is, its text could be selected in the PDF, and no rule by text
 * reaches into a picture. Any filter makes the browser print pixels, at 300 to the inch. Returns how
 * many were made now. Runs in the page: uses nothing from outside itself.
 */
export function flattenDrawings(roots: Iterable<Document | ShadowRoot>, textless: readonly string[]): number {
  const known = new Set(textless);
  const SHOWS = /<(?:[\w-]+:)?(?:text|foreignObject)\b|<!ENTITY|svg\+xml/i;
  const CARRIED = /^\xff\xd8.*(?:\xff(?:[\xe1\xe3-\xed\xef\xfe]|\xe0(?!..JFIF)|\xe2(?!..ICC_PROFILE)|\xee(?!..Adobe))|\xff\xd9.)/s;
  const NAMES = ['background-image', 'border-image-source', 'list-style-image', 'mask-image', '-webkit-mask-box-image-source', 'content'];
  const mayShow = (address: string) => {
    const [url = ''] = address.split('#');
    if (url === '' || known.has(url)) return false;
    if (!/^data:/i.test(url)) return true;
    const comma = address.indexOf(',');
    try {
      const body = decodeURIComponent(address.slice(comma + 1));
      const text = /;base64$/i.test(address.slice(0, comma)) ? atob(body) : body;
      return (/^data:image\/svg/i.test(address) ? SHOWS : CARRIED).test(text);
    } catch {
      return true;
    }
  };
  const addresses = (element: Element): string[] => {
    const href = /^(image|use)$/.test(element.localName) ? (element.getAttribute('href') ?? element.getAttribute('xlink:href') ?? '') : '';
    const own = href === '' || href.startsWith('#') || !URL.canParse(href, document.baseURI) ? '' : new URL(href, document.baseURI).href;
    const shown =
      element instanceof HTMLImageElement
        ? element.currentSrc
        : element instanceof HTMLInputElement && element.type === 'image'
          ? element.src
          : '';
    const poster = element instanceof HTMLVideoElement ? element.poster : '';
    const pseudos = ['::before', '::after', ...(getComputedStyle(element).display.includes('list-item') ? ['::marker'] : [])];
    const styles = [null, ...pseudos].flatMap((which) => {
      const style = getComputedStyle(element, which);
      return NAMES.flatMap((name) => [...style.getPropertyValue(name).matchAll(/url\("((?:\\[\s\S]|[^"\\])*)"\)/g)]);
    });
    return [own, shown, poster, ...styles.map(([, url = '']) => url.replace(/\\([\s\S])/g, '$1'))];
  };
  const outermost = (element: Element) => {
    let svg = element.closest('svg');
    while (svg?.parentElement?.closest('svg')) svg = svg.parentElement.closest('svg');
    return svg;
  };
  let made = 0;
  for (const root of roots)
    for (const element of root.querySelectorAll('*')) {
      const box = element instanceof SVGElement ? outermost(element) : element;
      if (!(box instanceof HTMLElement || box instanceof SVGElement) || getComputedStyle(box).filter !== 'none') continue;
      if (getComputedStyle(box).visibility === 'hidden' || !(element instanceof HTMLCanvasElement || addresses(element).some(mayShow)))
        continue;
      made++;
      // The background of the root is painted on the sheet itself, where no filter of an element reaches.
      const [name, value] = /^(html|body)$/.test(box.localName) ? ['background-image', 'none'] : ['filter', 'opacity(1)'];
      box.style.setProperty('transition', 'none', 'important');
      box.style.setProperty(name, value, 'important');
      if (getComputedStyle(box).getPropertyValue(name) !== value) box.style.setProperty('visibility', 'hidden', 'important');
    }
  return made;
}
