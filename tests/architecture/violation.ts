/** A broken rule, with the place. */
export type Violation = { rule: string; path: string; line: number; message: string };

/** Tells whether a path is one of the entries or lies below one that ends in `/`. */
export function isBelow(path: string, entries: readonly string[]): boolean {
  return entries.some((entry) => (entry.endsWith('/') ? path.startsWith(entry) : path === entry));
}
