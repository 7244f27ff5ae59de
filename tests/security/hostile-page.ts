import type { Answer } from '#runner/browser/fixtures/test-site.ts';
import { BOUNCES, ELEMENTS, FRAMES, STYLES } from './cases/egress-elements.ts';
import { HINTS } from './cases/egress-hints.ts';
import { NAVIGATIONS, PLACES, REBINDING } from './cases/egress-places.ts';
import { MADE, REQUESTS, SOCKETS, WORKERS } from './cases/egress-scripts.ts';
import type { Vectors } from './cases/egress-vector.ts';
import { WEBRTC_ELSEWHERE } from './cases/egress-webrtc.ts';

/** Where the page aims: `at` and `second` are addresses of the machine that it is not to reach. */
export type Aim = { at: string; second: string; ports: { tls: number; plain: number }; own(name: string): number };

export const APP_HOST = 'app.hostile.test';
export const CDN_HOST = 'cdn.hostile.test';
/** A second third party, as harmless and as public. */
export const STRANGER_HOST = 'stranger.hostile.test';
/** Where redirects of the hostile site lead: a name of the machine itself. */
export const BOUNCED_HOST = 'bounced.canary.test';

const HTML_VECTORS = { ...ELEMENTS, ...STYLES, ...FRAMES, ...BOUNCES, ...PLACES };
/** On the page too, and counted by themselves: they fire on some machines or in some kinds of browser only. */
const ELSEWHERE: Vectors = { ...WEBRTC_ELSEWHERE, ...Object.fromEntries(Object.entries(HINTS).map(([name, { code }]) => [name, code])) };
const SCRIPT_VECTORS: Vectors = { ...REQUESTS, ...WORKERS, ...SOCKETS, ...REBINDING, ...ELSEWHERE };
/** The names of all vectors of the one page, those of a second entry of the same name included, so that a test sees them. */
export const VECTORS = [ELEMENTS, STYLES, FRAMES, BOUNCES, PLACES, REQUESTS, WORKERS, SOCKETS, REBINDING].flatMap((part) =>
  Object.keys(part),
);
/** The names of those that the tests of hints and of WebRTC count. */
export const COUNTED_ALONE = Object.keys(ELSEWHERE);
/** Those that carry no path, and have a port of their own. */
export const OWN_PORT_VECTORS = Object.entries({ ...HTML_VECTORS, ...SCRIPT_VECTORS })
  .filter(([, code]) => code.includes('{OWN}'))
  .map(([name]) => name);
/** Pages whose main document goes where it may not be. */
export const NAVIGATION_PATHS = [...Object.keys(NAVIGATIONS).map((name) => `/go/${name}`), '/bounce/go-target'];

/** What the page says when it has tried everything. */
export const DONE = 'tried everything';
/** What it says of the harmless third party. */
export const ASSETS = 'third party: picture, style, script, data, frame';
const ATTEMPT_MS_MAX = 4000;

/** Answers of the hostile site and of the harmless third party; both are public. */
export function answerAsSite(aim: Aim, host: string, path: string): Answer {
  const [, folder = '', name = ''] = path.split('/');
  if (host === 'rebind.canary.test') return { headers: { 'content-type': 'text/plain', connection: 'close' }, body: 'first' };
  if ((host === CDN_HOST || host === STRANGER_HOST) && ASSET_ANSWERS[path]) return ASSET_ANSWERS[path];
  if (path === '/parts') return page(PARTS_BODY);
  if (folder === 'bounce') return { status: 302, headers: { location: `https://${BOUNCED_HOST}/${name}` } };
  if (folder === 'bounce-307') return { status: 307, headers: { location: `https://${BOUNCED_HOST}/${name}` } };
  if (folder === 'bounce-far') return { status: 302, headers: { location: `https://${CDN_HOST}/bounce/${name}` } };
  if (folder === 'go') return page(`<h1>Report</h1>${fill(NAVIGATIONS[name] ?? '', name, aim)}`);
  if (folder === 'made' && MADE[name]) return made(name, aim);
  if (folder === 'alone') return page(alone(name, aim));
  if (path === '/') return page(hostileBody(aim));
  return path === '/logo.png' ? LOGO : { status: 404, headers: { 'content-type': 'text/plain' }, body: 'not found' };
}

function made(name: string, aim: Aim): Answer {
  const { type, body, headers = {} } = MADE[name] ?? { type: 'text/plain', body: '' };
  const filled = Object.entries(headers).map(([header, value]) => [header, fill(value, name, aim)]);
  return { headers: { 'content-type': type, ...Object.fromEntries(filled) }, body: fill(body, name, aim) };
}

/** One vector of the many, and nothing else. */
function alone(name: string, aim: Aim): string {
  const code = fill(SCRIPT_VECTORS[name] ?? `throw new Error('no such vector')`, name, aim);
  const done = `document.getElementById('done').textContent = '${DONE}';`;
  return `<h1>Report</h1><p id="done"></p><script>(async () => { ${code} })().catch(() => 'refused').then(() => { ${done} });</script>`;
}

function hostileBody(aim: Aim): string {
  const elements = Object.entries(HTML_VECTORS).map(([name, html]) => fill(html, name, aim));
  const scripts = Object.entries(SCRIPT_VECTORS).map(
    ([name, code]) => `<script>attempt(async () => { ${fill(code, name, aim)} });</script>`,
  );
  return `<h1>Report</h1><p id="assets"></p><p id="done"></p>${ASSET_SCRIPT}
<script>const attempts = [];
const attempt = (run) => attempts.push(Promise.race([run().catch(() => 'refused'), new Promise((done) => setTimeout(done, ${ATTEMPT_MS_MAX}))]));</script>
${scripts.join('\n')}
${elements.join('\n')}
<script>open('https://${CDN_HOST}/window');</script>
<script>Promise.all(attempts).then(() => { document.getElementById('done').textContent = '${DONE}'; });</script>`;
}

/** Puts the canary's addresses into a vector. */
function fill(code: string, name: string, { at, second, ports, own }: Aim): string {
  const values: Record<string, string> = {
    AT: at,
    SECOND: second,
    NAME: name,
    HTTPS: `https://${at}:${ports.tls}/${name}`,
    WSS: `wss://${at}:${ports.tls}/${name}`,
    HTTP: `http://${at}:${ports.plain}/${name}`,
    WS: `ws://${at}:${ports.plain}/${name}`,
    ...(code.includes('{OWN}') ? { OWN: String(own(name)) } : {}),
  };
  return code.replace(/\{([A-Z]+)\}/g, (whole, key) => values[key] ?? whole);
}

/** Loads one of each kind from the third party, and says so in the page only when all of them are there. */
const ASSET_SCRIPT = `<script>
const cdn = 'https://${CDN_HOST}';
const loaded = (tag, members) => new Promise((done, fail) => { const made = Object.assign(document.createElement(tag), members, { onload: () => done(made), onerror: fail }); document.body.append(made); });
Promise.all([
  loaded('img', { src: cdn + '/logo.png' }).then((image) => image.naturalWidth === 1 ? 'picture' : 'no picture'),
  loaded('link', { rel: 'stylesheet', href: cdn + '/style.css' }).then(() => getComputedStyle(document.getElementById('assets')).color === 'rgb(1, 2, 3)' ? 'style' : 'no style'),
  loaded('script', { src: cdn + '/script.js' }).then(() => window.thirdParty),
  fetch(cdn + '/data').then((answer) => answer.text()),
  loaded('iframe', { src: cdn + '/frame' }).then(() => 'frame'),
]).then((all) => { document.getElementById('assets').textContent = 'third party: ' + all.join(', '); });
</script>`;

/** What a page loads from elsewhere, each kind of it under a path of its own; a socket asks for its path like the others. */
export const PARTS = ['logo.png', 'style.css', 'script.js', 'data', 'frame', 'socket'];
export const PARTS_DONE = 'all parts are settled';
const PARTS_BODY = `<h1>Report</h1><p id="done"></p><script>
const made = (tag, members) => new Promise((done) => document.body.append(Object.assign(document.createElement(tag), members, { onload: done, onerror: done })));
const parts = ['${CDN_HOST}', '${STRANGER_HOST}'].flatMap((host) => [
  made('img', { src: 'https://' + host + '/logo.png' }),
  made('link', { rel: 'stylesheet', href: 'https://' + host + '/style.css' }),
  made('script', { src: 'https://' + host + '/script.js' }),
  fetch('https://' + host + '/data').catch(() => 'refused'),
  made('iframe', { src: 'https://' + host + '/frame' }),
  new Promise((done) => { new WebSocket('wss://' + host + '/socket').onclose = done; }),
]);
Promise.all(parts).then(() => { document.getElementById('done').textContent = '${PARTS_DONE}'; });
</script>`;

const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const LOGO: Answer = { headers: { 'content-type': 'image/png' }, body: PIXEL };
const ASSET_ANSWERS: Readonly<Record<string, Answer>> = {
  '/logo.png': LOGO,
  '/style.css': { headers: { 'content-type': 'text/css' }, body: '#assets{color:rgb(1,2,3)}' },
  '/script.js': { headers: { 'content-type': 'text/javascript' }, body: `window.thirdParty = 'script';` },
  '/data': { headers: { 'content-type': 'text/plain', 'access-control-allow-origin': '*' }, body: 'data' },
  '/frame': page('<p>frame</p>'),
};

function page(body: string): Answer {
  return {
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: `<!doctype html><meta charset="utf-8"><title>Report</title>${body}`,
  };
}
