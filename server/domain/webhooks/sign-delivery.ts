import { Webhook } from 'standardwebhooks';

/**
 * Signs one try by Standard Webhooks, with every secret that is good: during a rotation the receiver may know either. `id` is
 * the event's and the same with every try, by which receivers tell repeats; the time is that of the try.
 */
export function signDelivery(secrets: readonly string[], { id, at, body }: { id: string; at: Date; body: string }): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  };
}
