/// <reference lib="dom" />
import type { PageWatch } from './page-watch.ts';

export type Drawings = {
  /** Whether the drawing of a canvas has changed within `quietMs`, or a large one is still empty. */
  isDrawing(quietMs: number): boolean;
};

/** Looks at the canvases in view. Runs in the page: uses nothing from outside itself. */
export function watchDrawings(watch: PageWatch): Drawings {
  const LIMIT = { canvasMs: 2500, blankCanvasMs: 1500, restMs: 400, canvases: 12, side: 64 };
  const { now } = watch;
  const inView = (element: Element) => {
    const box = element.getBoundingClientRect();
    return (
      box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0 && box.top < window.innerHeight && box.left < window.innerWidth
    );
  };
  // The drawing of a canvas changes no node: its pixels are looked at, made small. One whose context is WebGL reads as
  // empty between its frames, and one that lets clicks through is a layer over another: these may stay empty.
  const asked = new WeakSet<HTMLCanvasElement>();
  const contexts = new WeakSet<HTMLCanvasElement>();
  HTMLCanvasElement.prototype.getContext = new Proxy(HTMLCanvasElement.prototype.getContext, {
    apply(target, canvas, args) {
      if (canvas instanceof HTMLCanvasElement && args[0] !== '2d') contexts.add(canvas);
      // Rest is known by two looks, and the sooner the first the better. The probe's own canvas is none to look at.
      if (canvas instanceof HTMLCanvasElement && canvas !== small && !asked.has(canvas)) {
        asked.add(canvas);
        void watch.frames().then(() => isDrawing(LIMIT.restMs));
      }
      return Reflect.apply(target, canvas, args);
    },
  });
  const small = document.createElement('canvas');
  small.width = LIMIT.side;
  small.height = LIMIT.side;
  let pen: CanvasRenderingContext2D | null = null;
  // `since` is the beginning of the changes that are under way, `last` the latest of them.
  const drawn = new WeakMap<Element, { sum: number; seen: number; since: number; last: number }>();
  const sumOf = (canvas: HTMLCanvasElement): number => {
    pen ??= small.getContext('2d', { willReadFrequently: true });
    if (!pen) return 1;
    try {
      pen.clearRect(0, 0, LIMIT.side, LIMIT.side);
      pen.imageSmoothingQuality = 'medium';
      pen.drawImage(canvas, 0, 0, LIMIT.side, LIMIT.side);
      const { data } = pen.getImageData(0, 0, LIMIT.side, LIMIT.side);
      let sum = 0;
      for (let index = 0; index < data.length; index++) sum = (Math.imul(sum, 31) + (data[index] ?? 0)) | 0;
      return sum;
    } catch {
      return 1; // A canvas that holds foreign pixels cannot be read: it counts as still.
    }
  };
  const isDrawing = (quietMs: number) => {
    const canvases: HTMLCanvasElement[] = [];
    for (const canvas of watch.find('canvas'))
      if (canvas instanceof HTMLCanvasElement && canvas.width > 0 && canvas.height > 0 && inView(canvas)) canvases.push(canvas);
    let drawing = false;
    let hasContent = false;
    let blank: number | null = null;
    for (let index = 0; index < canvases.length && index < LIMIT.canvases; index++) {
      const canvas = canvases[index];
      if (!canvas) continue;
      const sum = sumOf(canvas);
      const at = now();
      const entry = drawn.get(canvas) ?? { sum, seen: at, since: at, last: at };
      if (entry.sum !== sum) {
        // A chart that is drawn anew after a rest begins anew; a canvas that never rests is a film.
        if (at - entry.last > LIMIT.restMs) entry.since = at;
        entry.last = at;
        entry.sum = sum;
      }
      drawn.set(canvas, entry);
      if (at - entry.last < quietMs && at - entry.since < LIMIT.canvasMs) drawing = true;
      if (sum !== 0) hasContent = true;
      else if (
        !contexts.has(canvas) &&
        canvas.clientWidth > 100 &&
        canvas.clientHeight > 50 &&
        getComputedStyle(canvas).pointerEvents !== 'none'
      )
        blank = Math.max(blank ?? 0, entry.seen);
    }
    return drawing || (!hasContent && blank !== null && now() - blank < LIMIT.blankCanvasMs);
  };
  return { isDrawing };
}
