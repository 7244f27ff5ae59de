import type { Drill } from './drill.ts';
import { em1 } from './em1-instance-killed.ts';
import { em2 } from './em2-killed-while-writing.ts';
import { em3 } from './em3-two-on-one-folder.ts';
import { em4 } from './em4-ctrl-c.ts';
import { em5 } from './em5-port-taken.ts';
import { f01 } from './f01-server-killed-after-commit.ts';
import { f02 } from './f02-server-killed-before-confirm.ts';
import { f03 } from './f03-broker-away.ts';
import { f04 } from './f04-broker-frozen.ts';
import { f05 } from './f05-database-away.ts';
import { f06 } from './f06-store-away.ts';
import { f07 } from './f07-runner-killed.ts';
import { f08 } from './f08-runner-frozen.ts';
import { f09 } from './f09-runner-killed-after-upload.ts';
import { f10 } from './f10-poison.ts';
import { f11 } from './f11-pages-that-hold.ts';
import { f12 } from './f12-browser-killed.ts';
import { f13 } from './f13-rolling-restart.ts';
import { f14 } from './f14-one-key-many-posts.ts';
import { f15 } from './f15-overload.ts';
import { f16 } from './f16-no-runner.ts';
import { f17 } from './f17-webhook-receiver-fails.ts';
import { f18 } from './f18-worst-order.ts';
import { f19 } from './f19-wrong-clocks.ts';
import { f20 } from './f20-nothing-left.ts';
import { k1 } from './k1-random-kills.ts';
import { x1 } from './x1-canaries-under-crashes.ts';
import { x3 } from './x3-runner-without-a-wall.ts';
import { x4 } from './x4-payload-swapped.ts';
import { x5 } from './x5-stolen-runner.ts';

/** The drills that are built, in the order in which they are run. */
export const DRILLS: readonly Drill[] = [
  f01,
  f02,
  f03,
  f04,
  f05,
  f06,
  f07,
  f08,
  f09,
  f10,
  f11,
  f12,
  f13,
  f14,
  f15,
  f16,
  f17,
  f18,
  f19,
  f20,
  em1,
  em2,
  em3,
  em4,
  em5,
  k1,
  x1,
  x3,
  x4,
  x5,
];

/** All thirty by their numbers and the long one, with where those that are not drills yet stand. */
export const PLANNED: Readonly<Record<string, { title: string; instead?: string }>> = {
  F01: { title: 'Server killed after its commit, before its answer' },
  F02: { title: 'Server killed between publish and confirm' },
  F03: { title: 'Broker away for a minute' },
  F04: { title: 'Broker frozen for two minutes' },
  F05: { title: 'PostgreSQL away for a minute' },
  F06: { title: 'Blob store refuses, freezes, takes half a body' },
  F07: { title: 'Runner killed in the middle of its captures' },
  F08: { title: 'Runner frozen past its lease' },
  F09: { title: 'Runner killed after its upload, before its finish' },
  F10: { title: 'A poison capture among innocent ones' },
  F11: { title: 'Pages that never let go' },
  F12: { title: 'Renderer or browser killed, browser frozen' },
  F13: { title: 'Rolling restart under load' },
  F14: { title: 'Fifty posts at once with one key' },
  F15: { title: 'Overload by one workspace' },
  F16: { title: 'No runner until the deadline' },
  F17: {
    title: 'Webhook receiver fails, hangs; server killed between send and record',
    instead: '`tests/e2e/webhook-killed.test.ts` and `tests/server/webhook-retries.test.ts` cover its parts',
  },
  F18: { title: 'Everything stopped, started in the worst order, on an older database' },
  F19: { title: 'Clocks that are wrong and jump' },
  F20: { title: 'Full disk, file handles at the limit' },
  EM1: {
    title: 'Embedded: the instance killed in the middle of its captures',
    instead: '`tests/e2e/stop-and-continue.test.ts` covers a smaller one',
  },
  EM2: { title: 'Embedded: killed while PostgreSQL writes' },
  EM3: { title: 'Embedded: two processes on one data folder' },
  EM4: {
    title: 'Embedded: Ctrl-C once and twice',
    instead: '`tests/e2e/stop-and-continue.test.ts` and `tests/embedded/up.test.ts` cover its parts',
  },
  EM5: { title: 'Embedded: the port is taken' },
  K1: { title: 'Any process killed at random, for ten minutes' },
  X1: { title: 'Canaries under crashes' },
  X2: { title: 'Egress proxy killed in the middle of a capture' },
  X3: { title: 'Runner without one of its walls', instead: '`tests/security/sandbox-refused.test.ts` covers the sandbox' },
  X4: { title: 'Sealed payload of one capture in the row of another' },
  X5: { title: 'Runner credential used for what it is not for', instead: '`tests/security/runner-credentials.test.ts` covers it' },
};
