import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { z } from 'zod';

/** A known banner: it is on the page when all of `signs` are found, and then `hide` names what to hide. */
export type BannerRule = { signs: string[]; hide: string[]; where: string | null };

const step = z.object({ exists: z.string().optional(), visible: z.string().optional() });
const rulesSchema = z.object({
  autoconsent: z.array(
    z.object({
      prehideSelectors: z.array(z.string()).default([]),
      detectCmp: z.array(z.unknown()).default([]),
      runContext: z.object({ urlPattern: z.string().optional() }).default({}),
    }),
  ),
});

/** Banners that the package knows by code and not as data: the elements that these banners are made of. */
const KNOWN_BY_ID = [
  '#onetrust-consent-sdk',
  '#CybotCookiebotDialog, #CybotCookiebotDialogBodyUnderlay',
  '#truste-consent-track, .truste_box_overlay, .truste_overlay',
  'div[id^="sp_message_container_"]',
  '#usercentrics-root, #usercentrics-cmp-ui',
  '#cmpbox, #cmpbox2',
  '#hs-eu-cookie-confirmation',
  '.klaro .cookie-notice, .klaro .cookie-modal',
  '#_evidon_banner',
];

let loaded: Promise<BannerRule[]> | null = null;

/** Loads the banners that DuckDuckGo's autoconsent knows, once in a process. Those known only by a script are left out. */
export function loadBannerRules(): Promise<BannerRule[]> {
  loaded ??= readRules();
  return loaded;
}

async function readRules(): Promise<BannerRule[]> {
  const file = createRequire(import.meta.url).resolve('@duckduckgo/autoconsent/rules/rules.json');
  const { autoconsent } = rulesSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const own = KNOWN_BY_ID.map((selector): BannerRule => ({ signs: [selector], hide: [selector], where: null }));
  const listed = autoconsent.flatMap((rule) => {
    const signs = rule.detectCmp.map((entry) => {
      const parsed = step.safeParse(entry);
      return parsed.success ? (parsed.data.exists ?? parsed.data.visible) : undefined;
    });
    const known = signs.filter((sign) => sign !== undefined);
    if (known.length === 0 || known.length < signs.length || rule.prehideSelectors.length === 0) return [];
    return [{ signs: known, hide: rule.prehideSelectors, where: rule.runContext.urlPattern ?? null }];
  });
  return [...own, ...listed];
}
