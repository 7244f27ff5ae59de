import { LIMITS } from '#shared/limits.ts';
import { requireVault } from '../access/second-factor.ts';
import type { Deps } from '../deps.ts';
import { type ClaimedDelivery, claimDeliveries } from './claim-deliveries.ts';
import { type Settled, settleDelivery } from './settle-delivery.ts';
import { signDelivery } from './sign-delivery.ts';
import { openWebhookSecrets } from './webhook-secrets.ts';
import { loadWebhookReach, openWebhookUrl } from './webhook-url.ts';

type Delivering = Pick<Deps, 'db' | 'vault' | 'webhookSender' | 'clock' | 'log' | 'settings'>;

/** What sends the webhooks of one server: it keeps tries in the air and never waits for the slowest of them. */
export type Courier = {
  /** Begins tries that are due, as many as there is room for. Answers how many. Waits for none of them. */
  turn(): Promise<number>;
  /** Calls back when a try is over: there is room again. */
  onLanded(listener: () => void): void;
  /** Resolves when no try is in the air; none is begun by it. */
  landed(): Promise<void>;
};

/** Makes the courier: at most `LIMITS.webhookSendsMax` tries at a time. */
export function createCourier(deps: Delivering): Courier {
  const flying = new Set<Promise<void>>();
  const listeners: (() => void)[] = [];
  const fly = async (claimed: ClaimedDelivery) => {
    try {
      await deliver(deps, claimed);
    } catch (error) {
      // Nothing is lost by it: when its lease ends the delivery is due again.
      deps.log.error('A webhook could not be sent or written down; it is tried again when its lease ends', {
        workspaceId: claimed.workspaceId,
        error,
      });
    }
  };
  return {
    async turn() {
      const room = LIMITS.webhookSendsMax - flying.size;
      if (room <= 0) return 0;
      const claimed = await claimDeliveries(deps, room);
      for (const one of claimed) {
        const flight = fly(one).finally(() => {
          flying.delete(flight);
          for (const listener of listeners) listener();
        });
        flying.add(flight);
      }
      return claimed.length;
    },
    onLanded: (listener) => void listeners.push(listener),
    landed: async () => void (await Promise.all(flying)),
  };
}

/** Makes one try and writes down how it ended. */
async function deliver(deps: Delivering, claimed: ClaimedDelivery): Promise<Settled> {
  const { workspaceId, endpointId, eventId, body, host, number } = claimed;
  const vault = requireVault(deps);
  const { reach, secrets } = await deps.db.inWorkspace(workspaceId).transactional(async (em) => ({
    reach: await loadWebhookReach(em, workspaceId),
    secrets: await openWebhookSecrets(em, vault, { workspaceId, endpointId }),
  }));
  const url = openWebhookUrl(vault, workspaceId, claimed.sealedUrl);
  if (url === null) throw new Error('The address of this webhook cannot be opened: the key of the server is another one');
  const signed = signDelivery(secrets, { id: eventId, at: deps.clock.now(), body });
  const headers = { 'content-type': 'application/json', 'user-agent': 'SessionShot-Webhooks/1', ...signed };
  const outcome = await deps.webhookSender.send({ url, headers, body }, reach);
  const settled = await settleDelivery(deps, claimed, outcome);
  if (!outcome.ok)
    deps.log.info('A webhook did not arrive', {
      workspaceId,
      host,
      attempt: number,
      status: outcome.status ?? undefined,
      state: settled,
      reason: outcome.error ?? undefined,
    });
  return settled;
}
