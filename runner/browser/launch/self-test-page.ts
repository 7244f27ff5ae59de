/** Names of what the page tries; one that it did not try was not judged. */
export const SELF_TEST_VECTORS = [
  'fetch',
  'image',
  'frame',
  'beacon',
  'events',
  'socket',
  'worker-socket',
  'shared-worker',
  'web-transport',
  'stun',
  'stun-six',
  'stun-name',
  'turn',
  'turn-tcp',
  'turn-tls',
  'turn-name',
  'ice',
  'ice-tcp',
  'preconnect',
  'speculation',
  'inside',
  'rebind',
  'redirect',
  'window',
  'prefetch',
  'lookup',
];

/**
 * The script of the hostile page of the self-test: an expression whose value is what was tried, and whether a window
 * opened. `tcp` and `udp` are the canaries' ports, `name` the domain whose names nobody is to look up.
 */
export function selfTestPage(options: { tcp: number; udp: number; name: string }): string {
  return `(${PAGE})(${JSON.stringify(options)})`;
}

/** Runs in the page: every way out that a page of today has, each with a time limit, and tells which ones it tried. */
const PAGE = `async ({ tcp, udp, name }) => {
  const at = (path) => 'http://127.0.0.1:' + tcp + '/' + path;
  const ran = [];
  let opened = false;
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
    attempt('shared-worker', () => {
      const code = 'const s = new WebSocket("ws://127.0.0.1:' + tcp + '/shared-worker"); const ended = new Promise((done) => { s.onerror = s.onopen = done; }); onconnect = (e) => ended.then(() => e.ports[0].postMessage(1));';
      const worker = new SharedWorker(URL.createObjectURL(new Blob([code])));
      worker.port.start();
      return settle(worker.port, ['message']);
    }),
    attempt('stun', () => peer('stun:127.0.0.1:' + udp)),
    attempt('stun-six', () => peer('stun:[::1]:' + udp)),
    attempt('stun-name', () => peer('stun:stun.' + name + ':' + udp)),
    attempt('turn', () => peer('turn:127.0.0.1:' + udp)),
    attempt('turn-tcp', () => peer('turn:127.0.0.1:' + tcp + '?transport=tcp')),
    attempt('turn-tls', () => peer('turns:127.0.0.1:' + tcp + '?transport=tcp')),
    attempt('turn-name', () => peer('turn:turn.' + name + ':3478?transport=tcp')),
    attempt('ice', () => peer(null, 'candidate:1 1 udp 2113937151 127.0.0.1 ' + udp + ' typ host')),
    attempt('ice-tcp', () => peer(null, 'candidate:1 1 tcp 1518280447 127.0.0.1 ' + tcp + ' typ host tcptype passive')),
    attempt('preconnect', () => { const link = element('link', { rel: 'preconnect', href: 'https://127.0.0.1:' + tcp }); return Promise.race([link, wait(200)]); }),
    attempt('speculation', () => {
      const rules = { prefetch: [{ source: 'list', urls: ['https://127.0.0.1:' + tcp + '/speculation'], eagerness: 'immediate' }] };
      document.head.append(Object.assign(document.createElement('script'), { type: 'speculationrules', textContent: JSON.stringify(rules) }));
      return wait(200);
    }),
    attempt('inside', () => fetch('https://inside.' + name + ':' + tcp + '/', { mode: 'no-cors' })),
    attempt('rebind', () => fetch('https://rebind.' + name + ':' + tcp + '/', { mode: 'no-cors' })),
    attempt('redirect', () => element('img', { src: '/redirect' })),
    attempt('window', async () => { const other = open('about:blank'); opened = other !== null; other?.close(); }),
    attempt('prefetch', () => { const link = element('link', { rel: 'dns-prefetch', href: '//prefetch.' + name }); return Promise.race([link, wait(200)]); }),
    attempt('lookup', () => fetch('https://lookup.' + name + '/', { mode: 'no-cors' })),
  ]);
  return { ran, opened };
}`;
