/// <reference lib="dom" />
/**
 * Replaces every source of chance that a page's scripts have by one sequence, the same in each frame and each run. This
 * makes the page's own cryptography predictable, which is why it is done only where a reproducible capture was asked for.
 * Runs in the page: uses nothing from outside itself.
 */
export function installRandom(options: { seed: number }): void {
  let state = options.seed >>> 0;
  // Mulberry32: small, and good enough for jitter, ids and sampling.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  Math.random = () => next() / 4_294_967_296;
  const checked = Crypto.prototype.getRandomValues;
  Crypto.prototype.getRandomValues = function getRandomValues<T extends ArrayBufferView<ArrayBuffer>>(array: T): T {
    checked.call(this, array); // Refuses what the browser refuses: too much, or the wrong kind of array.
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let index = 0; index < bytes.length; index++) bytes[index] = next() & 255;
    return array;
  };
  if (!('randomUUID' in Crypto.prototype)) return; // Insecure frames have none.
  Crypto.prototype.randomUUID = () => {
    const bytes = Array.from({ length: 16 }, () => next() & 255);
    bytes[6] = ((bytes[6] ?? 0) & 15) | 64;
    bytes[8] = ((bytes[8] ?? 0) & 63) | 128;
    const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
}
