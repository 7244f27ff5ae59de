import type { BrowserKind } from '#runner/browser/launch/find-browser.ts';

/** A wall of the way out, where it stands in the source, and what stands there once it is gone; `leak` is what the self-test then says. */
export type Wall = { name: string; file: string; text: string; instead: string; leak: RegExp; kind?: BrowserKind };

const [LAUNCH, EGRESS] = ['runner/browser/launch', 'runner/browser/egress'];

/** Each wall once, taken away by itself. `tests/security/take-wall-away.ts` does it to a runner that starts. */
export const WALLS: readonly Wall[] = [
  {
    name: 'the context proxy, for loopback',
    file: `${LAUNCH}/lent-options.ts`,
    text: `bypass: '<-loopback>'`,
    instead: `bypass: '127.0.0.1'`,
    leak: /\bTCP navigation\b/,
  },
  {
    name: 'the context proxy',
    file: `${LAUNCH}/lent-options.ts`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    text: "proxy: { server: `http://127.0.0.1:${proxy.port}`, bypass: '<-loopback>' },",
    instead: '',
    leak: /no request for 127\.0\.0\.1 was refused by the proxy/,
  },
  {
    name: 'the dead proxy of the launch',
    file: `${LAUNCH}/launch-chromium.ts`,
    text: 'proxy: { server: DEAD_PROXY },',
    instead: '',
    leak: /\bTCP no-proxy\b/,
  },
  {
    name: 'the policy of WebRTC',
    file: `${LAUNCH}/launch-chromium.ts`,
    text: '...WEBRTC_FLAGS,',
    instead: '',
    leak: /a UDP packet \(WebRTC\)/,
  },
  { name: 'the resolver rule', file: `${LAUNCH}/launch-chromium.ts`, text: '  RESOLVER_FLAG,', instead: '', leak: /a name look-up \(/ },
  {
    name: 'the judgement of addresses',
    file: 'shared/egress-policy.ts',
    text: 'if (!found.every(isReachable))',
    instead: 'if (!found.every(() => true))',
    leak: /\bTCP inside\b/,
  },
  {
    name: 'the pin',
    file: `${EGRESS}/egress-ledger.ts`,
    text: 'addresses: decision.addresses',
    instead: 'addresses: await lookUp(host)',
    leak: /\bTCP rebind\b/,
  },
  {
    name: 'the judgement of each hop',
    file: `${EGRESS}/egress-ledger.ts`,
    text: 'await judge(reach, target, lookUp)',
    instead: `host.startsWith('redirect.') ? { ok: true, addresses: await lookUp(host) } : await judge(reach, target, lookUp)`,
    leak: /\bTCP redirect\b/,
  },
  {
    name: 'the flag for windows',
    file: `${LAUNCH}/launch-chromium.ts`,
    text: '  WINDOWS_FLAG,',
    instead: '',
    leak: /a window that a page opened/,
    kind: 'headless-shell',
  },
];
