import type { Vectors } from './egress-vector.ts';

const peer = (urls: string) =>
  `const peer = new RTCPeerConnection({ iceServers: [{ urls: '${urls}', username: 'u', credential: 'c' }] }); peer.createDataChannel('c');
   await peer.setLocalDescription(await peer.createOffer()); await new Promise((done) => setTimeout(done, 1500)); peer.close();`;
const candidate = (line: string) =>
  `const peer = new RTCPeerConnection(), other = new RTCPeerConnection(); peer.createDataChannel('c');
   await peer.setLocalDescription(await peer.createOffer()); await other.setRemoteDescription(peer.localDescription);
   await other.setLocalDescription(await other.createAnswer()); await peer.setRemoteDescription(other.localDescription);
   await peer.addIceCandidate({ candidate: '${line}', sdpMid: '0', sdpMLineIndex: 0 });
   await new Promise((done) => setTimeout(done, 1500)); peer.close(); other.close();`;

/** The name that only `ice-mdns` asks the local network for. */
export const MDNS_NAME = '3f0e9c1a-77aa-4f5e-9a51-5e55105507aa';

/** Every spelling by which WebRTC is told of an address. */
export const WEBRTC: Vectors = {
  stun: peer('stun:{AT}:{OWN}'),
  'stun-second': peer('stun:{SECOND}:{OWN}'),
  turn: peer('turn:{AT}:{OWN}'),
  'turn-udp': peer('turn:{AT}:{OWN}?transport=udp'),
  'turn-tcp': peer('turn:{AT}:{OWN}?transport=tcp'),
  'turn-tls': peer('turns:{AT}:{OWN}?transport=tcp'),
  'turn-name': peer('turn:loop.canary.test:{OWN}?transport=tcp'),
  'ice-udp': candidate('candidate:1 1 udp 2113937151 {AT} {OWN} typ host'),
  'ice-tcp': candidate('candidate:1 1 tcp 1518280447 {AT} {OWN} typ host tcptype passive'),
};

/** Spellings that do not fire on every machine: they need IPv6, or a local network that carries multicast. */
export const WEBRTC_ELSEWHERE: Vectors = {
  'stun-six': peer('stun:[::1]:{OWN}'),
  'turn-six': peer('turn:[::1]:{OWN}'),
  'ice-six': candidate('candidate:1 1 udp 2113937151 ::1 {OWN} typ host'),
  'ice-mdns': candidate(`candidate:1 1 udp 2113937151 ${MDNS_NAME}.local {OWN} typ host`),
};

/** Spellings by a name, which a browser looks up and then sends nothing to: a look-up alone carries data out. */
export const WEBRTC_NAMES: Vectors = {
  'stun-name': peer('stun:stun.hinted.invalid:3478'),
  'turn-name-udp': peer('turn:turn.hinted.invalid:3478'),
  'ice-name': candidate('candidate:1 1 udp 2113937151 ice.hinted.invalid 3478 typ host'),
};
