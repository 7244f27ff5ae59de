import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { decideEgress } from '#runner/browser/egress/egress-policy.ts';
import { EGRESS_FLAGS, RESOLVER_FLAG, WEBRTC_FLAGS } from '#runner/browser/launch/launch-chromium.ts';
import { type EgressBed, openEgressBed, type Weakened } from './egress-bed.ts';
import { DONE } from './hostile-page.ts';

// One run inside the network namespace that `egress-packets.test.ts` makes; prints what the kernel has counted.
const DOOR_MS_MAX = 30_000;
/** What a page without walls sends at the least. */
const ENOUGH = { left: 50, datagrams: 5 };
const WEAKENED: Readonly<Record<string, readonly string[]>> = {
  'no-webrtc-policy': EGRESS_FLAGS.filter((flag) => !WEBRTC_FLAGS.includes(flag)),
  'no-resolver-rule': EGRESS_FLAGS.filter((flag) => flag !== RESOLVER_FLAG),
};
/** A judge who knows no address of this machine but by its kind. */
const STRANGERS: Weakened = {
  proxy: () => ({ decide: (reach, wanted, resolve) => decideEgress(reach, wanted, resolve, () => false) }),
};
const [mode = 'capture', ownPublic = '127.0.0.2', range = ''] = process.argv.slice(2);
const [first = 0, last = 0] = range.split('-').map(Number);
const flags = WEAKENED[mode];
const bed = await openEgressBed({
  at: '10.77.0.2',
  second: ownPublic,
  ...(flags ? { flags } : {}),
  ...(range ? { ports: { first, last } } : {}),
});
try {
  const before = count();
  const captured = mode === 'door' ? await throughTheDoor(bed, before) : await byCapture(bed, mode === 'own-as-strangers' ? STRANGERS : {});
  const after = count();
  const [left, datagrams] = [after.left - before.left, after.datagrams - before.datagrams];
  process.stdout.write(`${JSON.stringify({ captured, left, datagrams, contacts: bed.canaries.contacts(), hits: bed.canaries.hits() })}\n`);
} finally {
  await bed.close();
}

async function byCapture({ capture }: EgressBed, weakened: Weakened): Promise<string> {
  const result = await capture({ path: '/', waitUntil: 'domcontentloaded', waitFor: [{ text: DONE }], delay: 1500 }, weakened);
  return result.ok ? 'ok' : result.failure.detail;
}

/** What the page aims at answers nothing here, so it never ends by itself: it is left when enough has been counted. */
async function throughTheDoor({ openDoor }: EgressBed, before: Counts): Promise<string> {
  const door = await openDoor();
  const end = Date.now() + DOOR_MS_MAX;
  try {
    await door.visit('/');
    for (let now = before; now.left - before.left < ENOUGH.left || now.datagrams - before.datagrams < ENOUGH.datagrams; now = count()) {
      if (Date.now() > end) return 'too little was counted';
      await wait(100);
    }
    return 'ok';
  } finally {
    await door.close();
  }
}

type Counts = { left: number; datagrams: number };

/**
 * Packets that left by the interface, and UDP datagrams that anybody in the namespace has sent, to loopback too. What the
 * kernel itself tells routers of multicast groups is not counted among the former: a packet to such a group that anybody
 * sends is a datagram.
 */
function count(): Counts {
  const device = /^\s*out0:(.*)$/m.exec(readFileSync('/proc/net/dev', 'utf8'))?.[1]?.trim().split(/\s+/) ?? [];
  const six = Number(/^Udp6OutDatagrams\s+(\d+)/m.exec(readFileSync('/proc/net/snmp6', 'utf8'))?.[1] ?? 0);
  const multicast = readCounter('/proc/net/netstat', 'IpExt', 'OutMcastPkts');
  const counts = { left: Number(device[9]) - multicast, datagrams: readCounter('/proc/net/snmp', 'Udp', 'OutDatagrams') + six };
  if (Object.values(counts).some(Number.isNaN)) throw new Error('the counters of the kernel could not be read');
  return counts;
}

/** One number of a table that has its names in one line and its values in the next. */
function readCounter(file: string, table: string, name: string): number {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${table}:`));
  const [names = [], values = []] = lines.map((line) => line.split(' '));
  return Number(values[names.indexOf(name)]);
}
