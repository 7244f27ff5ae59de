import { type AllowedDomain, matchesHost } from '#shared/allowed-domain.ts';
import type { CaptureRequest } from '#shared/capture-request.ts';
import { matchesUrl } from '../glob.ts';
import { loadHostLists } from './host-lists.ts';
import type { PausedRequest } from './paused-request.ts';

export type BlockReport = { requests: number; rules: { at: string; requests: number }[] };
export type BlockRules = { refuses(event: PausedRequest, isMainDocument: boolean): boolean; report(): BlockReport };
type Rule = { at: string; requests: number; matches(event: PausedRequest, host: string): boolean };

/** CDP's names by Playwright's. CDP calls a `fetch` an XHR here, so the two of Playwright's names mean the same. */
const TYPES: Record<string, readonly string[]> = {
  document: ['Document'],
  stylesheet: ['Stylesheet'],
  image: ['Image'],
  media: ['Media'],
  font: ['Font'],
  script: ['Script'],
  texttrack: ['TextTrack'],
  xhr: ['XHR', 'Fetch'],
  fetch: ['XHR', 'Fetch'],
  eventsource: ['EventSource'],
  manifest: ['Manifest'],
  ping: ['Ping'],
  other: ['Other'],
};

/**
 * Makes the rules of `block`. The main document is never blocked, and the lists of `ads` and `cookieBanners` never
 * touch a host of the allowed domains: an analytics product that is the very app to capture must load. A written-out
 * address or type holds for every host.
 */
export async function createBlockRules(block: CaptureRequest['block'], domains: readonly AllowedDomain[]): Promise<BlockRules> {
  const isOwn = (host: string) => domains.some((entry) => matchesHost(entry.host, host));
  const lists = block.ads || block.cookieBanners ? await loadHostLists() : null;
  const rules: Rule[] = [
    ...block.urls.map((pattern, index) => ({
      at: `block.urls[${index}]`,
      requests: 0,
      matches: (event: PausedRequest) => matchesUrl(pattern, event.request.url),
    })),
    ...block.resourceTypes.map((type, index) => ({
      at: `block.resourceTypes[${index}]`,
      requests: 0,
      matches: (event: PausedRequest) => (TYPES[type] ?? []).includes(event.resourceType),
    })),
    ...(['ads', 'cookieBanners'] as const)
      .filter((list) => block[list])
      .map((list) => ({
        at: `block.${list}`,
        requests: 0,
        matches: (_event: PausedRequest, host: string) => !isOwn(host) && (lists?.[list](host) ?? false),
      })),
  ];
  return {
    refuses: (event, isMainDocument) => {
      if (isMainDocument || !URL.canParse(event.request.url)) return false;
      const host = new URL(event.request.url).hostname;
      const rule = rules.find((entry) => entry.matches(event, host));
      if (rule) rule.requests += 1;
      return rule !== undefined;
    },
    report: () => ({
      requests: rules.reduce((sum, rule) => sum + rule.requests, 0),
      rules: rules.map(({ at, requests }) => ({ at, requests })),
    }),
  };
}
