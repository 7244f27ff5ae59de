import type { Browser, Page } from 'playwright';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../services/webhook-receiver.ts';
import { checkEverywhere } from './check-accessibility.ts';
import { openBrowser, type Tab } from './open-browser.ts';
import { type Console, startConsole } from './start-console.ts';

/** What follows the host in the address of a receiver: shown nowhere. */
export const PATH = '/hooks/path-that-is-a-secret';
/** Two tries, one right after the other: then a delivery is lost. */
const GAPS_MS = [1000, 50];
/** Browsers write a line for each refused request. */
export const REFUSED = /status of 4(0[0349]|22)/;

/** A console that may send to a real receiver, and a browser. `host`: of the receiver. */
export type WebhookConsole = { browser: Browser; receiver: WebhookReceiver; console: Console; host: string; close(): Promise<void> };

export async function startWebhookConsole(): Promise<WebhookConsole> {
  const [browser, receiver] = await Promise.all([openBrowser(), startWebhookReceiver()]);
  const console = await startConsole({ extraCas: [receiver.ca], webhookGapsMs: GAPS_MS });
  const host = `localhost:${receiver.port}`;
  await addAllowedDomain(console.app.deps, console.operator, { domain: host, isPrivate: true });
  const close = async () => {
    await browser.close();
    await console.close();
    await receiver.close();
  };
  return { browser, receiver, console, host, close };
}

export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
export const dialog = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name });

/** Holds what is shown in every scheme and width, and goes on wide. */
export async function check(tab: Tab, title: string | RegExp): Promise<void> {
  await checkEverywhere(tab, title);
  await tab.page.setViewportSize({ width: 1280, height: 860 });
}

/** Collects what the server answers to a tab: each the path of its call and its text. */
export function hearAnswers({ page }: Tab): string[] {
  const answers: string[] = [];
  page.on('response', (answer) => {
    if (answer.url().includes('/trpc/'))
      answer.text().then(
        (text) => answers.push(`${new URL(answer.url()).pathname} ${text}`),
        () => undefined, // a stream, or a page that is gone
      );
  });
  return answers;
}
