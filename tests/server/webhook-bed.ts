import { createWebhookSender, type SenderOptions } from '#server/adapters/webhook-sender.ts';
import type { ApiKeyActor } from '#server/domain/access/actor.ts';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import type { Deps } from '#server/domain/deps.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { completeJob } from '#server/domain/jobs/complete-job.ts';
import { type Courier, createCourier } from '#server/domain/webhooks/deliver-webhooks.ts';
import { listDeliveries } from '#server/domain/webhooks/read-deliveries.ts';
import { createWebhookEndpoint, type NewWebhookEndpoint } from '#server/domain/webhooks/webhook-endpoints.ts';
import type { CaptureRequestInput } from '#shared/capture-request.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../services/webhook-receiver.ts';
import { capture, completion, createDomainBed, type DomainBed, operatorOf, upload } from './domain-bed.ts';

/** The domain of `bed`, a receiver that its operator has listed as private, and a courier that flies when a test says so. */
export type WebhookBed = {
  bed: DomainBed;
  deps: Deps;
  receiver: WebhookReceiver;
  courier: Courier;
  /** Another server's courier on the same database. */
  makeCourier(options?: SenderOptions): Courier;
  /** Begins everything that is due and waits until it is over. */
  fly(courier?: Courier): Promise<void>;
  /** Lets the time until the next tries go by: answers how long it was, in milliseconds. */
  skipGap(): Promise<number>;
  /** An endpoint at the receiver. */
  addEndpoint(input?: Partial<NewWebhookEndpoint>): Promise<{ id: string; secret: string }>;
  /** A capture that succeeds. */
  finish(input?: Partial<CaptureRequestInput>, actor?: ApiKeyActor): Promise<string>;
  deliveries(): ReturnType<typeof listDeliveries>;
  allow(domain: string): Promise<void>;
  close(): Promise<void>;
};

export async function createWebhookBed(): Promise<WebhookBed> {
  const [bed, receiver] = await Promise.all([createDomainBed(), startWebhookReceiver()]);
  const sender = (options: SenderOptions = {}) => createWebhookSender({ certificates: [receiver.ca], ...options });
  const deps = { ...bed.deps, webhookSender: sender() };
  const makeCourier = (options?: SenderOptions) => createCourier({ ...deps, webhookSender: sender(options) });
  const courier = createCourier(deps);
  const allow = async (domain: string) => void (await addAllowedDomain(deps, bed.operator, { domain, isPrivate: true }));
  await allow(`localhost:${receiver.port}`);
  return {
    bed,
    deps,
    receiver,
    courier,
    makeCourier,
    fly: async (one = courier) => {
      for (let turns = 0; turns < 50 && (await one.turn()) > 0; turns++) await one.landed();
    },
    skipGap: async () => {
      const [row] = await bed.sql<{ ms: number }>(
        `with before as (select id, next_try_at from webhook_delivery where state = 'pending')
         update webhook_delivery set next_try_at = now(), lease_until = null from before where before.id = webhook_delivery.id
         returning (extract(epoch from before.next_try_at - (
           select max(finished_at) from webhook_attempt where delivery_id = webhook_delivery.id)) * 1000)::float8 as ms`,
      );
      return row?.ms ?? Number.NaN;
    },
    addEndpoint: async (input = {}) => {
      const made = await createWebhookEndpoint(deps, bed.operator, { url: `${receiver.origin}/inbox`, ...input });
      return { id: made.endpoint.id, secret: made.secret };
    },
    finish: async (input = {}, actor = bed.key) => {
      const { id } = await capture(bed, input, actor);
      const claim = await claimJob(deps, bed.runner, { strictEgress: true });
      if (!claim) throw new Error('there was nothing to claim');
      const picture = new Uint8Array([1, 2, 3]);
      await upload(claim, picture);
      await completeJob(deps, bed.runner, claim.jobId, completion(claim, picture));
      return id;
    },
    deliveries: () => listDeliveries(deps, operatorOf(bed.operator.workspaceId), { limit: 100 }),
    allow,
    close: async () => {
      await courier.landed();
      await bed.close();
      await receiver.close();
    },
  };
}
