/// <reference lib="dom" />
import type { PageWatch } from './page-watch.ts';

export type PageAnswers = {
  /** When to look again, by the watch's clock, while the browser owes the page an answer; null when it owes none. */
  owedUntil(): number | null;
};

/**
 * Follows what a page asks the browser itself: IndexedDB, caches, files, cryptography, pictures and programs to decode. The
 * answers come from another process or thread, and on a busy machine later than a quiet window is long; an app that works
 * offline first, or opens sealed data, has nothing else under way meanwhile. Runs in the page: uses nothing from outside itself.
 */
export function watchAnswers(watch: PageWatch): PageAnswers {
  const { apply } = Reflect;
  const { then } = Promise.prototype;
  const LIMIT = {
    lookMs: 25,
    // An upgrade that another tab blocks, or a transaction that a page keeps alive, is nothing that the picture waits for.
    answerMs: 2500,
    // All of them together: a page that writes without an end is a log.
    allMs: 3000,
    open: 200,
    // Between two looks that found one: what else held the page up meanwhile is not theirs.
    gapMs: 100,
  };
  const { now } = watch;
  const listen = EventTarget.prototype.addEventListener;
  const open = new Map<object, number>();
  let spent = 0;
  let heldAt: number | null = null;

  const hook = (owner: object, name: string, watchOne: (asked: object, forget: () => void) => object) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(owner, name);
    if (typeof descriptor?.value !== 'function') return;
    Object.defineProperty(owner, name, {
      ...descriptor,
      value: new Proxy(descriptor.value, {
        apply(target, self, args) {
          const asked: object = apply(target, self, args);
          if (open.size >= LIMIT.open) return asked;
          open.set(asked, now());
          return watchOne(asked, () => void open.delete(asked));
        },
      }),
    });
  };
  const followEvents = (owner: object, name: string, ends: readonly string[]) =>
    hook(owner, name, (asked, forget) => {
      for (let at = 0; at < ends.length; at++) apply(listen, asked, [ends[at], forget]);
      return asked;
    });
  // The page is given the promise that follows: one that nobody handles is then still reported to it as such.
  const followPromises = (owner: object, names: readonly string[]) => {
    for (let at = 0; at < names.length; at++)
      hook(owner, names[at] ?? '', (asked, forget) =>
        apply(then, asked, [
          (value: unknown) => {
            forget();
            return value;
          },
          (error: unknown) => {
            forget();
            throw error;
          },
        ]),
      );
  };
  // Where a page has no right to one of them the calls are there all the same, and throw or are refused.
  if (typeof IDBFactory === 'function') followEvents(IDBFactory.prototype, 'open', ['success', 'error', 'blocked']);
  // Every request is one of a transaction, which ends after the last of them.
  if (typeof IDBDatabase === 'function') followEvents(IDBDatabase.prototype, 'transaction', ['complete', 'abort']);
  if (typeof CacheStorage === 'function') followPromises(CacheStorage.prototype, ['open', 'match', 'has', 'keys']);
  if (typeof Cache === 'function') followPromises(Cache.prototype, ['match', 'matchAll', 'put', 'keys']);
  if (typeof StorageManager === 'function') followPromises(StorageManager.prototype, ['getDirectory']);
  if (typeof FileSystemDirectoryHandle === 'function')
    followPromises(FileSystemDirectoryHandle.prototype, ['getFileHandle', 'getDirectoryHandle']);
  if (typeof FileSystemFileHandle === 'function') followPromises(FileSystemFileHandle.prototype, ['getFile', 'createWritable']);
  if (typeof FileSystemWritableFileStream === 'function') followPromises(FileSystemWritableFileStream.prototype, ['write']);
  followPromises(WritableStream.prototype, ['close']); // which ends the writing of a file
  followPromises(Blob.prototype, ['text', 'arrayBuffer']);
  const cryptography = [
    'encrypt',
    'decrypt',
    'sign',
    'verify',
    'digest',
    'generateKey',
    'deriveKey',
    'deriveBits',
    'importKey',
    'unwrapKey',
  ];
  if (typeof SubtleCrypto === 'function') followPromises(SubtleCrypto.prototype, cryptography);
  followPromises(window, ['createImageBitmap']);
  followPromises(WebAssembly, ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming']);
  return {
    owedUntil: () => {
      open.forEach((since, asked) => void (now() - since > LIMIT.answerMs && open.delete(asked)));
      if (open.size === 0 || spent >= LIMIT.allMs) {
        heldAt = null;
        return null;
      }
      if (heldAt !== null) spent += Math.min(now() - heldAt, LIMIT.gapMs);
      heldAt = now();
      return now() + LIMIT.lookMs;
    },
  };
}
