import { STATUS_WORDS } from '#client/components/capture-status.tsx';
import type { CaptureStatus } from '#shared/capture.ts';

/** The filters of the list of captures: they live in the address, so that a view can be shared and gone back to. */
export type CaptureSearch = { status?: CaptureStatus; host?: string; reference?: string; tag?: string; cursor?: string };

/** Reads the filters from an address. What is unknown or malformed is dropped. */
export function readCaptureSearch(raw: Record<string, unknown>): CaptureSearch {
  return {
    status: STATUS_WORDS.find(({ status }) => status === raw.status)?.status,
    host: text(raw.host),
    reference: text(raw.reference),
    tag: text(raw.tag),
    cursor: text(raw.cursor),
  };
}

/** Whether any filter narrows the list. */
export function isFiltered(search: CaptureSearch): boolean {
  return Boolean(search.status || search.host || search.reference || search.tag);
}

/** Splits `customer:42` into key and value; the value may hold colons. No colon: no filter yet. */
export function readTag(tag: string | undefined): { tagKey?: string; tagValue?: string } {
  const at = tag?.indexOf(':') ?? -1;
  return tag && at > 0 && at < tag.length - 1 ? { tagKey: tag.slice(0, at), tagValue: tag.slice(at + 1) } : {};
}

/** A search parameter as a text, or undefined when it is missing, empty or given twice. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
