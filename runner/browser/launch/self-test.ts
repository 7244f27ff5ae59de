import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { z } from 'zod';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import { openEgressProxy } from '../egress/egress-proxy.ts';
import type { BrowserHomes } from './browser-home.ts';
import { type Canaries, openCanaries } from './canaries.ts';
import type { FoundBrowser } from './find-browser.ts';
import { EGRESS_FLAGS, type LaunchedBrowser, launchChromium } from './launch-chromium.ts';

export type SelfTestOptions = { found: FoundBrowser; homes: BrowserHomes; allowNoSandbox: boolean; log: Log; flags?: readonly string[] };
/** `leaks` names every way by which something got out; `ok` means that there was none and that all were really tried. */
export type SelfTestResult = { ok: boolean; leaks: string[]; sandbox: 'on' | 'off'; version: string; ms: number };

/** The names that the page makes the browser want to look up; none exists, and `.invalid` never will. */
const CANARY_NAME = 'sessionshot-canary.invalid';
const PAGE_VECTORS = [
  'fetch',
  'image',
  'frame',
  'beacon',
  'events',
  'socket',
  'worker-socket',
  'web-transport',
  'stun',
  'stun-name',
  'turn',
  'turn-tcp',
  'turn-name',
  'ice',
  'prefetch',
  'lookup',
];

/**
 * Proves at start that a page cannot get out but through the proxy: a browser with the very flags of captures loads a
 * hostile page against canaries on loopback, and its own net log says whether it resolved any name by itself. This is
 * what notices a browser update that renames a flag. Rejects when no browser can be started.
 */
export async function runSelfTest(options: SelfTestOptions): Promise<SelfTestResult> {
  const { found, homes, allowNoSandbox, log, flags = EGRESS_FLAGS } = options;
  const startedAt = Date.now();
  const home = await homes.create();
  const netLog = join(home.path, 'tmp', 'net-log.json');
  const canaries = await openCanaries();
  try {
    const launched = await launchChromium({ found, home, allowNoSandbox, log, flags: [...flags, `--log-net-log=${netLog}`] });
    const version = launched.browser.version();
    const tried = await tryAll(launched, canaries, log);
    // The log is complete only once the browser has ended.
    await launched.close();
    const leaks = [...tried, ...canaries.hits(), ...(await nameLeaks(netLog))];
    return { ok: leaks.length === 0, leaks, sandbox: launched.sandbox, version, ms: Date.now() - startedAt };
  } finally {
    await canaries.close();
    await home.remove();
  }
}

/** Runs every vector; answers with what could not be tried, because a vector that did not run proves nothing. */
async function tryAll({ browser, close }: LaunchedBrowser, canaries: Canaries, log: Log): Promise<string[]> {
  const proxy = await openEgressProxy({ domains: [], log });
  const limit = setTimeout(() => void close(), LIMITS.selfTestMsMax);
  try {
    const context = await browser.newContext({
      proxy: { server: `http://127.0.0.1:${proxy.port}`, bypass: '<-loopback>' },
      serviceWorkers: 'block',
    });
    await context.route(`**://self-test.invalid/**`, (route) => route.fulfill({ contentType: 'text/html', body: '<p>self-test</p>' }));
    const page = await context.newPage();
    const tried = [...(await tryPage(page, 'http', canaries)), ...(await tryPage(page, 'https', canaries))];
    await context.unrouteAll();
    await expectRefused(page, `http://127.0.0.1:${canaries.tcpPort}/navigation`);
    await context.close();
    await tryWithoutProxy(browser, canaries);
    const wasProxied = proxy.blocked().some((entry) => entry.host === '127.0.0.1');
    return [...tried, ...(wasProxied ? [] : ['not judged: no request of the page came to the proxy'])];
  } catch (error) {
    log.error('the self-test broke off', { error });
    return ['not judged: the test broke off'];
  } finally {
    clearTimeout(limit);
    await proxy.close();
  }
}

async function tryPage(page: Page, scheme: 'http' | 'https', canaries: Canaries): Promise<string[]> {
  await page.goto(`${scheme}://self-test.invalid/`);
  const ran = z
    .array(z.string())
    .parse(
      await page.evaluate(`(${HOSTILE_PAGE})(${JSON.stringify({ tcp: canaries.tcpPort, udp: canaries.udpPort, name: CANARY_NAME })})`),
    );
  return PAGE_VECTORS.filter((vector) => !ran.includes(vector)).map((vector) => `not judged: ${vector} did not run`);
}

/** A context that somebody forgot to give its proxy must fail closed, by the dead proxy of the launch. */
async function tryWithoutProxy(browser: Browser, canaries: Canaries): Promise<void> {
  const context = await browser.newContext();
  await expectRefused(await context.newPage(), `http://127.0.0.1:${canaries.tcpPort}/no-proxy`);
  await context.close();
}

async function expectRefused(page: Page, url: string): Promise<void> {
  // An error is what is hoped for; the canary says whether it got through.
  await page.goto(url, { timeout: 5000 }).catch(() => undefined);
}

/** Reads from the browser's own log which of the page's names it tried to resolve. */
async function nameLeaks(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n');
  const types = eventTypes(lines);
  if (types.size === 0 || !text.includes(CANARY_NAME))
    return ['not judged: the browser wrote no net log, so its name look-ups are unknown'];
  const leaks = new Set<string>();
  for (const line of lines) {
    const name = /[\w-]+\.sessionshot-canary\.invalid/.exec(line)?.[0];
    const type = name ? types.get(eventType(line)) : undefined;
    if (name && type && /^(HOST_RESOLVER|DNS_|SYSTEM_RESOLVER)/.test(type)) leaks.add(`a name look-up (${name.split('.')[0]})`);
  }
  return [...leaks];
}

/** One event stands on each line; the last may be cut off when the browser had to be killed. */
function eventType(line: string): number {
  try {
    return z.object({ type: z.number() }).parse(JSON.parse(line.replace(/,\s*$/, ''))).type;
  } catch {
    return -1; // not a whole event
  }
}

function eventTypes(lines: readonly string[]): Map<number, string> {
  const constants = /"logEventTypes":(\{[^}]*\})/.exec(lines.find((line) => line.includes('"logEventTypes"')) ?? '')?.[1];
  const named = z.record(z.string(), z.number()).safeParse(constants ? JSON.parse(constants) : null);
  return new Map(Object.entries(named.data ?? {}).map(([name, number]) => [number, name]));
}

/** Runs in the page: every way out that a page of today has, each with a time limit, and tells which ones it tried. */
const HOSTILE_PAGE = `async ({ tcp, udp, name }) => {
  const at = (path) => 'http://127.0.0.1:' + tcp + '/' + path;
  const ran = [];
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const attempt = async (vector, run) => {
    try { await Promise.race([run(), wait(1500)]); } catch { /* refused, as hoped */ }
    ran.push(vector);
  };
  const settle = (target, events) => new Promise((done) => events.forEach((event) => target.addEventListener(event, done)));
  const element = (tag, members) => { const made = Object.assign(document.createElement(tag), members); document.body.append(made); return settle(made, ['load', 'error']); };
  const socket = (path) => settle(new WebSocket('ws://127.0.0.1:' + tcp + '/' + path), ['open', 'error', 'close']);
  const peer = async (urls, remote) => {
    const connection = new RTCPeerConnection(urls ? { iceServers: [{ urls, username: 'u', credential: 'c' }] } : {});
    connection.createDataChannel('c');
    const gathered = new Promise((done) => { connection.onicecandidate = (event) => event.candidate || done(); });
    await connection.setLocalDescription(await connection.createOffer());
    if (remote) {
      const other = new RTCPeerConnection();
      await other.setRemoteDescription(connection.localDescription);
      await other.setLocalDescription(await other.createAnswer());
      await connection.setRemoteDescription(other.localDescription);
      await connection.addIceCandidate({ candidate: remote, sdpMid: '0', sdpMLineIndex: 0 });
      await wait(300);
      other.close();
    }
    await gathered;
    connection.close();
  };
  await Promise.all([
    attempt('fetch', () => fetch(at('fetch'), { mode: 'no-cors' })),
    attempt('image', () => element('img', { src: at('image') })),
    attempt('frame', () => element('iframe', { src: at('frame') })),
    attempt('beacon', async () => { navigator.sendBeacon(at('beacon'), 'b'); await wait(200); }),
    attempt('events', () => { const source = new EventSource(at('events')); return settle(source, ['open', 'error']).then(() => source.close()); }),
    attempt('socket', () => socket('socket')),
    attempt('worker-socket', () => {
      const code = 'const s = new WebSocket("ws://127.0.0.1:' + tcp + '/worker-socket"); s.onerror = s.onopen = () => postMessage(1);';
      const worker = new Worker(URL.createObjectURL(new Blob([code])));
      return settle(worker, ['message', 'error']).then(() => worker.terminate());
    }),
    attempt('web-transport', async () => { if (self.WebTransport) await new WebTransport('https://127.0.0.1:' + udp + '/').ready; }),
    attempt('stun', () => peer('stun:127.0.0.1:' + udp)),
    attempt('stun-name', () => peer('stun:stun.' + name + ':' + udp)),
    attempt('turn', () => peer('turn:127.0.0.1:' + udp)),
    attempt('turn-tcp', () => peer('turn:127.0.0.1:' + tcp + '?transport=tcp')),
    attempt('turn-name', () => peer('turn:turn.' + name + ':3478?transport=tcp')),
    attempt('ice', () => peer(null, 'candidate:1 1 udp 2113937151 127.0.0.1 ' + udp + ' typ host')),
    attempt('prefetch', () => { const link = element('link', { rel: 'dns-prefetch', href: '//prefetch.' + name }); return Promise.race([link, wait(200)]); }),
    attempt('lookup', () => fetch('https://lookup.' + name + '/', { mode: 'no-cors' })),
  ]);
  return ran;
}`;
