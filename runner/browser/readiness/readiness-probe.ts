/// <reference lib="dom" />
/**
 * The in-page half of `waitUntil: "auto"`. `installProbe` is an init script of every frame: it takes the browser's own
 * timers before a page can replace them and watches the document from its first node on. It knows nothing of the caller
 * and holds no secret. `readiness.ts` asks it.
 */

/** The parts of a page that readiness waits for. `motion` is a finite animation, `canvas` a drawing under way. */
export type ReadinessPart = 'load' | 'dom' | 'fonts' | 'images' | 'busy' | 'motion' | 'canvas';
export type SettleOptions = { quietMs: number; msMax: number; wholePage: boolean; needLoad: boolean };
/** `held` names what was not settled in time; the ages say, in milliseconds, how long ago each part last changed. */
export type SettleResult = { held: ReadinessPart | null; domAge: number; fontsAge: number; imagesAge: number };

declare global {
  interface Window {
    __sessionshotProbe?: { settle(options: SettleOptions): Promise<SettleResult>; held(options: SettleOptions): ReadinessPart | null };
  }
}

/** Installs the probe once in a frame. Runs in the page: uses nothing from outside itself. */
export function installProbe(): void {
  if (window.__sessionshotProbe) return;
  const now = performance.now.bind(performance);
  const later = window.setTimeout.bind(window);
  const frame = window.requestAnimationFrame.bind(window);
  const sleep = (ms: number) => new Promise<void>((resolve) => void later(resolve, ms));
  const BUSY =
    '[aria-busy="true"],[role="progressbar"]:not([aria-valuenow]):not(progress),progress:not([value]),.skeleton,.loading,.loader,.spinner,.shimmer,.spinner-border,.spinner-grow,.placeholder-glow,.placeholder-wave,.MuiSkeleton-root,.MuiCircularProgress-indeterminate,.MuiLinearProgress-indeterminate,.ant-spin-spinning,.ant-skeleton-active,.mantine-Loader-root,.mantine-Skeleton-root[data-visible],.chakra-skeleton,.chakra-spinner,.v-skeleton-loader,.el-skeleton,.el-loading-mask,.react-loading-skeleton,.p-skeleton,.p-progress-spinner';
  const LIMIT = {
    tickerChanges: 4,
    tickerMs: 1500,
    imageMs: 8000,
    busyElsewhereMs: 3000,
    motionMs: 1000,
    canvasMs: 2500,
    canvases: 12,
    decodeMs: 1000,
  };
  const roots = new Set<Document | ShadowRoot>([document]);
  const changes = new WeakMap<Node, { count: number; first: number }>();
  let changedAt = now();
  let fontsAt = now();
  let imagesAt = now();

  // A clock or a live value changes for ever: after a while its changes no longer count.
  const note = (node: Node) => {
    const entry = changes.get(node) ?? { count: 0, first: now() };
    changes.set(node, entry);
    entry.count++;
    if (entry.count < LIMIT.tickerChanges || now() - entry.first < LIMIT.tickerMs) changedAt = now();
  };
  const observer = new MutationObserver((records) => {
    for (const record of records) note(record.target);
  });
  const watched = { subtree: true, childList: true, attributes: true, characterData: true };
  observer.observe(document, watched);
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function attachShadow(init: ShadowRootInit): ShadowRoot {
    const root = attach.call(this, init);
    roots.add(root);
    observer.observe(root, watched);
    return root;
  };

  const find = (selector: string) => [...roots].flatMap((root) => [...root.querySelectorAll(selector)]);
  const inView = (element: Element) => {
    const box = element.getBoundingClientRect();
    return (
      box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0 && box.top < window.innerHeight && box.left < window.innerWidth
    );
  };
  const isShown = (element: Element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  const images = (options: SettleOptions) =>
    find('img').filter(
      (image): image is HTMLImageElement =>
        image instanceof HTMLImageElement && (options.wholePage ? image.getClientRects().length > 0 : inView(image)),
    );
  // What moves for longer is not on its way into the page, it lives there.
  const isMoving = () =>
    document.getAnimations().some((animation) => {
      const rest = Number(animation.effect?.getComputedTiming().endTime) - Number(animation.currentTime ?? 0);
      return animation.playState === 'running' && rest > 20 && rest < LIMIT.motionMs;
    });

  // The drawing of a canvas changes no node: its pixels are looked at, very small.
  const small = document.createElement('canvas');
  small.width = 24;
  small.height = 24;
  const drawings = () =>
    find('canvas')
      .filter((canvas) => canvas instanceof HTMLCanvasElement && canvas.width > 0 && canvas.height > 0 && inView(canvas))
      .slice(0, LIMIT.canvases)
      .map((canvas) => {
        const pen = small.getContext('2d', { willReadFrequently: true });
        if (!pen || !(canvas instanceof HTMLCanvasElement)) return '';
        try {
          pen.clearRect(0, 0, 24, 24);
          pen.drawImage(canvas, 0, 0, 24, 24);
          return pen.getImageData(0, 0, 24, 24).data.join();
        } catch {
          return ''; // A canvas that holds foreign pixels cannot be read: it counts as still.
        }
      })
      .join('|');

  const held = (options: SettleOptions, since: number): ReadinessPart | null => {
    const waited = now() - since;
    if (document.readyState === 'loading' || (options.needLoad && document.readyState !== 'complete')) return 'load';
    if (document.fonts.status !== 'loaded') {
      fontsAt = now();
      return 'fonts';
    }
    if (
      waited < LIMIT.imageMs &&
      images(options).some((image) => !image.complete && (options.wholePage || image.loading !== 'lazy' || inView(image)))
    ) {
      imagesAt = now();
      return 'images';
    }
    const busy = find(BUSY).filter(isShown);
    if (busy.some(inView) || (options.wholePage && waited < LIMIT.busyElsewhereMs && busy.length > 0)) return 'busy';
    if (now() - changedAt < options.quietMs) return 'dom';
    return waited < LIMIT.motionMs && isMoving() ? 'motion' : null;
  };

  const settle = async (options: SettleOptions): Promise<SettleResult> => {
    const since = now();
    const ages = () => ({ domAge: now() - changedAt, fontsAge: now() - fontsAt, imagesAge: now() - imagesAt });
    let part = held(options, since);
    let before = drawings();
    let stillSince = now();
    while (now() - since < options.msMax) {
      await Promise.race([new Promise<void>((resolve) => frame(() => frame(() => resolve()))), sleep(part === null ? 100 : 1000)]);
      const drawing = drawings();
      if (drawing !== before) stillSince = now();
      before = drawing;
      part = held(options, since);
      const isDrawing = drawing !== '' && now() - stillSince < options.quietMs && now() - since < LIMIT.canvasMs;
      if (part === null && !isDrawing) {
        await Promise.race([
          Promise.allSettled(
            images(options)
              .filter(inView)
              .map((image) => image.decode()),
          ),
          sleep(LIMIT.decodeMs),
        ]);
        return { held: null, ...ages() };
      }
      if (part === null) part = 'canvas';
      // Long enough to cost nothing, short enough not to be noticed.
      await sleep(part === 'dom' ? Math.max(10, options.quietMs - (now() - changedAt)) : 30);
    }
    return { held: part ?? 'dom', ...ages() };
  };
  Object.defineProperty(window, '__sessionshotProbe', { value: { settle, held: (options: SettleOptions) => held(options, now()) } });
}

/** Asks the probe of a frame to settle; null where a frame has none. Runs in the page. */
export function askProbe(options: SettleOptions): Promise<SettleResult> | null {
  return window.__sessionshotProbe?.settle(options) ?? null;
}

/** Asks the probe of a frame once, for pages whose scripts, and so the probe's timers, are switched off. */
export function askProbeOnce(options: SettleOptions): ReadinessPart | null {
  if (!window.__sessionshotProbe) return document.readyState === 'complete' ? null : 'load';
  return window.__sessionshotProbe.held(options);
}
