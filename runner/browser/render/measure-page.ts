/// <reference lib="dom" />
/** Measures the whole page in CSS pixels. */
export function measurePage(): { width: number; height: number; viewportHeight: number } {
  const parts = [document.documentElement, document.body].filter((part) => part !== null);
  return {
    width: Math.max(...parts.map((part) => Math.max(part.scrollWidth, part.offsetWidth, part.clientWidth))),
    height: Math.max(...parts.map((part) => Math.max(part.scrollHeight, part.offsetHeight, part.clientHeight))),
    viewportHeight: window.innerHeight,
  };
}
