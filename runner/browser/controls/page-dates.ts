/// <reference lib="dom" />
type Zoned = { toPlainDateTime(): unknown; toPlainDate(): unknown; toPlainTime(): unknown };
declare global {
  interface Window {
    Temporal?: {
      Now: Record<string, unknown>;
      Instant: { fromEpochMilliseconds(ms: number): { toZonedDateTimeISO(zone: string): Zoned } };
    };
  }
}

/**
 * Makes the places that ask the system for the present ask `Date.now` instead, which the page's clock replaces: the
 * default date of `Intl`, `Temporal.Now`, and `document.lastModified` where the server sent none. To be installed before
 * the clock, whose start is `time`. Runs in the page: uses nothing from outside itself.
 */
export function installDates(options: { time: number }): void {
  const realNow = Date.now;
  const { prototype } = Intl.DateTimeFormat;
  const getFormat = Object.getOwnPropertyDescriptor(prototype, 'format')?.get;
  const toParts = prototype.formatToParts;
  if (getFormat)
    Object.defineProperty(prototype, 'format', {
      configurable: true,
      get(this: Intl.DateTimeFormat) {
        const format: (date?: number | Date) => string = getFormat.call(this);
        return (date?: number | Date) => format(date === undefined ? Date.now() : date);
      },
    });
  prototype.formatToParts = function formatToParts(date?: number | Date) {
    return toParts.call(this, date === undefined ? Date.now() : date);
  };
  const modified = Object.getOwnPropertyDescriptor(Document.prototype, 'lastModified')?.get;
  if (modified)
    Object.defineProperty(Document.prototype, 'lastModified', {
      configurable: true,
      get(this: Document) {
        const real: string = modified.call(this);
        // Without a header of the server's the browser answers with the present.
        if (Math.abs(realNow() - new Date(real).getTime()) > 3_600_000) return real;
        const at = new Date(options.time);
        const two = (part: number) => String(part).padStart(2, '0');
        return `${two(at.getMonth() + 1)}/${two(at.getDate())}/${at.getFullYear()} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
      },
    });
  const { Temporal } = window;
  if (!Temporal) return;
  const instant = () => Temporal.Instant.fromEpochMilliseconds(Date.now());
  const zoned = (zone?: string) => instant().toZonedDateTimeISO(zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone);
  Object.assign(Temporal.Now, {
    instant,
    zonedDateTimeISO: zoned,
    plainDateTimeISO: (zone?: string) => zoned(zone).toPlainDateTime(),
    plainDateISO: (zone?: string) => zoned(zone).toPlainDate(),
    plainTimeISO: (zone?: string) => zoned(zone).toPlainTime(),
  });
}
