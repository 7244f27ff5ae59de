import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Bed } from '../bed.ts';
import type { Product } from '../product/start-product.ts';
import { PEERS_FOLDER } from './peers.ts';
import { type Driver, type DriverOptions, startDriver } from './start-driver.ts';

export const PRODUCT = 'sessionshot';
export const READY = 'playwright-warm-ready';
export const SHELL_LOAD = 'playwright-warm-load';
export const HAND_TUNED = 'playwright-warm-selector';
export const SHELL_IDLE = 'playwright-warm-networkidle-shell';
export const CHROMIUM_IDLE = 'playwright-warm-networkidle';
export const CHROMIUM_LOAD = 'playwright-warm-load-chromium';
export const COLD = 'playwright-cold';
export const PEERS = ['browserless', 'capture-website'] as const;
/** Every driver, with what it is, in the order of the tables. */
export const DRIVERS: Readonly<Record<string, string>> = {
  [PRODUCT]: 'SessionShot, POST with `Prefer: wait` to the bytes through the signed URL; headless shell',
  [READY]: 'plain Playwright, warm headless shell, `storageState`, our readiness',
  [SHELL_LOAD]: 'plain Playwright, warm headless shell, `storageState`, `load`',
  [HAND_TUNED]: 'plain Playwright, warm headless shell, `storageState`, `load` and a wait written by hand for each page',
  [SHELL_IDLE]: 'plain Playwright, warm headless shell, `storageState`, `networkidle`',
  [COLD]: 'plain Playwright, headless shell launched for each capture, `load`',
  [CHROMIUM_LOAD]: 'plain Playwright, warm full Chromium, `storageState`, `load`',
  [CHROMIUM_IDLE]: 'plain Playwright, warm full Chromium, `storageState`, `networkidle`',
  browserless: 'Microlink’s browserless from npm, warm full Chromium, its own readiness',
  'capture-website': 'capture-website from npm, full Chromium launched for each capture',
};

export type Running = { drivers: Driver[]; missing: { name: string; why: string }[]; close(): Promise<void> };
type Started = Product & { apiKeys: readonly string[] };

/** Starts the drivers of these names; one whose browser or package is not here is named with the reason. */
export async function startDrivers(names: readonly string[], bed: Bed, product: Started | null): Promise<Running> {
  const drivers: Driver[] = [];
  const missing: Running['missing'] = [];
  const close = async () => {
    await Promise.all(drivers.map((driver) => driver.close()));
    bed.live.delete(close);
  };
  bed.live.add(close);
  try {
    for (const name of names) {
      const why = findHindrance(name, bed);
      if (why) missing.push({ name, why });
      else drivers.push(await startDriver({ name, home: bed.home, ...describe(name, bed, product) }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { drivers, missing, close };
}

function describe(name: string, bed: Bed, product: Started | null): Pick<DriverOptions, 'setup' | 'roles'> {
  const { origin, browsers } = bed;
  const plain = { kind: 'plain' as const, origin, browserPath: browsers.shell };
  const chromium = browsers.chromium ?? '';
  if (name === PRODUCT) {
    if (!product) throw new Error('the product is not started');
    return { setup: { kind: 'product', origin, apiUrl: product.apiUrl, apiKeys: [...product.apiKeys] }, roles: product.roles };
  }
  if (name === READY) return { setup: { ...plain, waitFor: 'ready' } };
  if (name === SHELL_LOAD) return { setup: { ...plain, waitFor: 'load' } };
  if (name === HAND_TUNED) return { setup: { ...plain, waitFor: 'selector' } };
  if (name === SHELL_IDLE) return { setup: { ...plain, waitFor: 'networkidle' } };
  if (name === COLD) return { setup: { ...plain, waitFor: 'load', isCold: true } };
  if (name === CHROMIUM_LOAD) return { setup: { ...plain, browserPath: chromium, waitFor: 'load' } };
  if (name === CHROMIUM_IDLE) return { setup: { ...plain, browserPath: chromium, waitFor: 'networkidle' } };
  const peer = PEERS.find((entry) => entry === name);
  if (!peer) throw new Error(`no driver is named ${name}`);
  return { setup: { kind: peer, origin, browserPath: chromium } };
}

function findHindrance(name: string, { browsers }: Bed): string | null {
  const isPeer = PEERS.some((peer) => peer === name);
  const needsChromium = isPeer || name === CHROMIUM_LOAD || name === CHROMIUM_IDLE;
  if (needsChromium && !browsers.chromium) return 'no full Chromium: `apt-get install -y chromium`';
  if (isPeer && !existsSync(join(PEERS_FOLDER, 'node_modules', name))) return 'its package is not installed';
  return null;
}
