import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startWebhookReceiver, type WebhookReceiver } from '../services/webhook-receiver.ts';
import { type Canaries, makeCanary } from './find-canaries.ts';
import type { Distributed } from './start-distributed.ts';

/** Somebody who takes webhooks, and the file with the authority that servers know him by. */
export async function openWebhookSink(folder: string): Promise<{ receiver: WebhookReceiver; caFile: string }> {
  const receiver = await startWebhookReceiver();
  const caFile = join(folder, 'webhook-ca.pem');
  writeFileSync(caFile, receiver.ca);
  return { receiver, caFile };
}

type Planting = { shop: Distributed; canaries: Canaries; receiver: WebhookReceiver };

/**
 * Makes an endpoint and the default secret by the command line, and answers the `webhook` that requests bring along. Adds
 * secrets, and what follows the host in the addresses, to `canaries`.
 */
export async function plantWebhooks({ shop, canaries, receiver }: Planting): Promise<{ url: string; events: string[] }> {
  const keep = (place: string, value: string) => {
    canaries[place] = value;
    return value;
  };
  const plant = (place: string) => keep(place, makeCanary(place));
  const address = (place: string) => `${receiver.origin}/${plant(`the path of ${place}`)}?token=${plant(`the query of ${place}`)}`;
  const command = async (...args: string[]) => {
    const { code, stdout, stderr } = await shop.cli(...args, '--json');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  };
  const keepSecret = (place: string, secret: string) => {
    const text = keep(place, secret.replace('whsec_', ''));
    keep(`the bytes of ${place}`, Buffer.from(text, 'base64').toString('latin1'));
  };
  await command('domains', 'add', `localhost:${receiver.port}`, '--private');
  const endpoint = await command('webhooks', 'create', address('an endpoint'));
  keepSecret('the secret of an endpoint', endpoint.secret);
  keepSecret('the secret that took its place', (await command('webhooks', 'rotate', endpoint.id)).secret);
  keepSecret('the default secret', (await command('webhooks', 'rotate')).secret);
  return { url: address('a webhook'), events: ['capture.succeeded', 'capture.failed'] };
}

/** All that was received, but for the first line, which is the address itself. */
export function readWebhooks({ received }: Pick<WebhookReceiver, 'received'>): string {
  return received.map(({ headers, body }) => `${JSON.stringify(headers)}\n${body}`).join('\n');
}
