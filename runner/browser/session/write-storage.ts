/// <reference lib="dom" />
export type StorageItems = { local: [string, string][]; session: [string, string][] };
type StorageFault = { area: 'localStorage' | 'sessionStorage'; name: string; full: boolean };

/** Writes items into the storage areas of the document's origin and returns those that could not be written. */
export function writeStorage(items: StorageItems): StorageFault[] {
  const faults: StorageFault[] = [];
  const areas = [
    ['localStorage', items.local],
    ['sessionStorage', items.session],
  ] as const;
  for (const [area, entries] of areas) {
    for (const [name, value] of entries) {
      try {
        window[area].setItem(name, value);
      } catch (error) {
        faults.push({ area, name, full: error instanceof DOMException && error.name === 'QuotaExceededError' });
      }
    }
  }
  return faults;
}
