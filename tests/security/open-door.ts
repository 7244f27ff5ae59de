import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type LaunchOptions, type Page } from 'playwright';
import type { EgressSession } from '#runner/browser/egress/egress-proxy.ts';
import { EGRESS_FLAGS } from '#runner/browser/launch/launch-chromium.ts';
import { APP_HOST } from './hostile-page.ts';

/** A plain browser for the hostile page, of no pool and no guard. */
export type Door = { visit(path: string): Promise<Page>; close(): Promise<void> };
export type DoorOptions = {
  executablePath: string;
  /** What names lead to where there is no proxy. */
  rules: string;
  /** The door is shut: flags as runners give them, and this way out alone. It is closed with the door. */
  walls?: EgressSession | undefined;
  /** With a profile of its own, as people have one; contexts of captures have none, and do less. */
  isProfile?: boolean | undefined;
  netLog?: string | undefined;
};

/** Opens the door: without walls, unless they are given. */
export async function openDoor({ executablePath, rules, walls, isProfile, netLog }: DoorOptions): Promise<Door> {
  await using opened = new AsyncDisposableStack();
  if (walls) opened.defer(walls.close);
  const flags = walls ? EGRESS_FLAGS : [`--host-resolver-rules=${rules}`];
  const options: LaunchOptions = {
    executablePath,
    args: [...flags, '--ignore-certificate-errors', ...(netLog ? [`--log-net-log=${netLog}`] : [])],
    timeout: 30_000,
    ...(walls ? { proxy: { server: `http://127.0.0.1:${walls.port}`, bypass: '<-loopback>' } } : {}),
  };
  const newContext = isProfile ? await openProfile(opened, options) : await openBrowser(opened, options);
  const visit = async (path: string): Promise<Page> => {
    const page = await (await newContext()).newPage();
    // A navigation that leaves the page ends the wait for it: what arrived is asked of the canary.
    await page.goto(`https://${APP_HOST}${path}`, { waitUntil: 'commit' }).catch(() => undefined);
    return page;
  };
  const parts = opened.move();
  return { visit, close: () => parts.disposeAsync() };
}

type Contexts = () => Promise<BrowserContext>;

async function openBrowser(opened: AsyncDisposableStack, options: LaunchOptions): Promise<Contexts> {
  const browser = await chromium.launch(options);
  opened.defer(() => browser.close());
  return () => browser.newContext({ ignoreHTTPSErrors: true });
}

async function openProfile(opened: AsyncDisposableStack, options: LaunchOptions): Promise<Contexts> {
  const profile = await mkdtemp(join(tmpdir(), 'sessionshot-door-'));
  opened.defer(() => rm(profile, { recursive: true, force: true }));
  const context = await chromium.launchPersistentContext(profile, { ...options, ignoreHTTPSErrors: true });
  opened.defer(() => context.close());
  return async () => context;
}
