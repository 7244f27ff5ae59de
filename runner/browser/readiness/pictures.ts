/// <reference lib="dom" />
import type { PageWatch } from './page-watch.ts';

export type Pictures = {
  /** Whether a font that the page uses is on its way. */
  areFontsLoading(): boolean;
  /** Whether a picture that is seen is on its way; `slow` are addresses of pictures that the network still waits for. */
  areImagesLoading(options: { wholePage: boolean; slow: readonly string[] }): boolean;
  /** Lets the pictures in view be decoded, for a bounded time. */
  decode(): Promise<void>;
  /** Whether something is on its way to its place: a transition or a finite animation. */
  isMoving(wholePage: boolean): boolean;
};

/** Looks at what is drawn and not written: fonts, pictures, motion. Runs in the page: uses nothing from outside itself. */
export function watchPictures(watch: PageWatch): Pictures {
  const LIMIT = {
    // Long after browsers show the text in another font; then that is what a person sees.
    fontsMs: 6000,
    imageMs: 8000,
    unsizedMs: 4000,
    decodeMs: 1000,
    motionMs: 1000,
    styled: 5000,
    pixelMax: 2,
  };
  const { now, bare } = watch;
  const Native = Promise;
  const isIn = (box: DOMRect) =>
    box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0 && box.top < window.innerHeight && box.left < window.innerWidth;
  const inView = (element: Element) => isIn(bare(element).getBoundingClientRect());

  let fontsSince: number | null = null;
  bare(document).fonts.addEventListener('loading', () => {
    fontsSince ??= now();
  });
  bare(document).fonts.addEventListener('loadingdone', () => {
    fontsSince = null;
  });
  const areFontsLoading = () => {
    void bare(document).body?.offsetHeight; // Fonts begin to load when text that uses them is laid out, not before.
    if (bare(document).fonts.status !== 'loading') {
      fontsSince = null;
      return false;
    }
    fontsSince ??= now();
    return now() - fontsSince < LIMIT.fontsMs;
  };

  const firstSeen = new WeakMap<Element, number>();
  /** A picture whose size comes with it takes no room before: its place is in view. Beacons say that they are small, or hide. */
  const isUnsized = (image: HTMLImageElement, box: DOMRect) =>
    (box.width === 0 || box.height === 0) &&
    image.getAttribute('width') === null &&
    image.getAttribute('height') === null &&
    isIn(new DOMRect(box.left, box.top, 1, 1)) &&
    image.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const isWaited = (image: HTMLImageElement, wholePage: boolean) => {
    if (image.complete || image.getClientRects().length === 0) return false;
    const box = image.getBoundingClientRect();
    const unsized = isUnsized(image, box);
    if (!(wholePage || unsized || inView(image))) return false;
    if (image.width <= LIMIT.pixelMax && image.height <= LIMIT.pixelMax && box.width > 0) return false; // A tracking pixel shows nothing.
    const since = firstSeen.get(image) ?? now();
    firstSeen.set(image, since);
    return now() - since < (unsized ? LIMIT.unsizedMs : LIMIT.imageMs);
  };
  const includes = String.prototype.includes;
  const urlOf = (element: Element, name: string) => {
    const value = bare(element).getAttribute(name);
    const { baseURI } = bare(document);
    return value && URL.canParse(value, baseURI) ? new URL(value, baseURI).href : null;
  };
  /** Whether something in view shows one of these: backgrounds, posters and pictures of SVG have no `complete`. */
  const shows = (slow: readonly string[]) => {
    const all = watch.find('body, body *');
    for (let index = 0; index < all.length && index < LIMIT.styled; index++) {
      const element = all[index];
      if (!element || !inView(element)) continue;
      const style = getComputedStyle(element);
      const before = getComputedStyle(element, '::before').backgroundImage;
      const uses = `${style.backgroundImage} ${style.maskImage} ${style.borderImageSource} ${style.listStyleImage} ${before}`;
      const own = [urlOf(element, 'poster'), urlOf(element, 'href')];
      for (let at = 0; at < slow.length; at++) {
        const url = slow[at] ?? '';
        if (own[0] === url || own[1] === url || Reflect.apply(includes, uses, [url])) return true;
      }
    }
    return false;
  };
  const images = () => {
    const found: HTMLImageElement[] = [];
    for (const image of watch.find('img')) if (image instanceof HTMLImageElement) found.push(image);
    return found;
  };
  const isAnyWaited = (wholePage: boolean) => {
    for (const image of images()) if (isWaited(image, wholePage)) return true;
    return false;
  };

  /** Animation elements of SVG, which are no animations to the document (the fixture "a chart that grows by SMIL"). */
  const isMovingSvg = () => {
    for (const element of watch.find('animate,animateTransform,animateMotion')) {
      if (!(element instanceof SVGAnimationElement) || element.getAttribute('repeatCount') === 'indefinite') continue;
      try {
        const rest = element.getStartTime() + element.getSimpleDuration() - element.getCurrentTime();
        if (rest > 0 && rest * 1000 < LIMIT.motionMs) return true;
      } catch {
        // It has not begun and may never, or has no duration.
      }
    }
    return false;
  };
  const isMoving = (wholePage: boolean) => {
    if (isMovingSvg()) return true;
    const roots = watch.roots();
    for (let at = 0; at < roots.length; at++) {
      const root = roots[at];
      const animations = root ? bare(root).getAnimations() : [];
      for (let index = 0; index < animations.length; index++) {
        const animation = animations[index];
        const effect = animation?.effect;
        if (!animation || !effect || animation.playState !== 'running') continue;
        const rest = Number(effect.getComputedTiming().endTime) - Number(animation.currentTime ?? 0);
        // What moves for longer is not on its way into the page, it lives there (the fixture "an endless animation").
        if (!(rest > 0 && rest < LIMIT.motionMs)) continue;
        if (wholePage || !(effect instanceof KeyframeEffect) || !effect.target || inView(effect.target)) return true;
      }
    }
    return false;
  };

  return {
    areFontsLoading,
    areImagesLoading: ({ wholePage, slow }) => isAnyWaited(wholePage) || (slow.length > 0 && shows(slow)),
    decode: () => {
      const decoding: Promise<void>[] = [];
      for (const image of images()) if (image.complete && inView(image)) decoding.push(image.decode());
      return Native.race([Native.allSettled(decoding).then(() => undefined), watch.sleep(LIMIT.decodeMs)]);
    },
    isMoving,
  };
}
