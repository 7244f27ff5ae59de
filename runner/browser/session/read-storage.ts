/// <reference lib="dom" />
type Names = { localStorage: string[]; sessionStorage: string[] };

/** Reads the named items of the document's origin; null for one that is not there. Runs in the page. */
export function readStorage(names: Names): Record<keyof Names, Record<string, string | null>> {
  const read = (area: Storage, wanted: string[]) => Object.fromEntries(wanted.map((name) => [name, area.getItem(name)]));
  return { localStorage: read(window.localStorage, names.localStorage), sessionStorage: read(window.sessionStorage, names.sessionStorage) };
}
