import type { BrowserKind } from '#runner/browser/launch/find-browser.ts';
import { WEBRTC_NAMES } from './egress-webrtc.ts';

/** Where one fires when nothing holds it: a kind of browser, in a profile or in contexts like those of captures. */
export type Place = `${BrowserKind}, ${'profile' | 'context'}`;
/** `arrives` is how one that was followed is seen: the name of a vector, or a name that nothing else looks up. */
export type Hint = { code: string; arrives: string; firesIn: readonly Place[] };

/** The names that only these look up. They are nobody's, and lead nowhere. */
export const HINTED_NAMES = /[\w-]+\.hinted\.invalid/;
const EVERYWHERE: readonly Place[] = ['headless-shell, profile', 'headless-shell, context', 'chromium, profile', 'chromium, context'];
const speculate = (rules: string) =>
  `const rules = document.createElement('script'); rules.type = 'speculationrules'; rules.textContent = JSON.stringify(${rules}); document.head.append(rules);`;
const link = (members: string) => `document.head.append(Object.assign(document.createElement('link'), ${members}));`;
/** The net log of the headless shell shows no look-up of these, which proves nothing of it: the packets of the kernel do. */
const byName = (name: string, host: string): Hint => ({
  code: WEBRTC_NAMES[name] ?? '',
  arrives: host,
  firesIn: ['chromium, profile', 'chromium, context'],
});

/** What a page only suggests, and what it only has looked up. `tests/security/egress-hints.test.ts` tries each by itself. */
export const HINTS: Readonly<Record<string, Hint>> = {
  'speculate-prefetch': {
    code: speculate(`{ prefetch: [{ source: 'list', urls: ['{HTTPS}'], eagerness: 'immediate' }] }`),
    arrives: 'speculate-prefetch',
    firesIn: EVERYWHERE,
  },
  'speculate-prerender': {
    code: speculate(`{ prerender: [{ source: 'list', urls: ['/bounce/{NAME}'], eagerness: 'immediate' }] }`),
    arrives: 'speculate-prerender',
    firesIn: EVERYWHERE,
  },
  'link-preconnect': {
    code: link(`{ rel: 'preconnect', href: 'https://{AT}:{OWN}/' }`),
    arrives: 'link-preconnect',
    firesIn: ['chromium, profile'],
  },
  'link-dns-prefetch': {
    code: link(`{ rel: 'dns-prefetch', href: 'https://prefetched.hinted.invalid/' }`),
    arrives: 'prefetched.hinted.invalid',
    // Tried in a profile and out of it, by a name that rules map and by one that they do not: no look-up is in the net log.
    firesIn: [],
  },
  'stun-name': byName('stun-name', 'stun.hinted.invalid'),
  'turn-name-udp': byName('turn-name-udp', 'turn.hinted.invalid'),
  'ice-name': byName('ice-name', 'ice.hinted.invalid'),
};
