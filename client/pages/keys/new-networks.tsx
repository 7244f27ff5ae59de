import { Button, Group } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Check, ShieldAlert, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { count } from '#client/format.ts';
import { readProblem } from '#client/problem.ts';
import { trpc } from '#client/trpc.ts';
import { useNow } from '#client/use-now.ts';
import type { ApiKeyView } from '#shared/console.ts';
import { findNewNetworks, type NewNetwork, placeWords } from './find-new-networks.ts';
import { RevokeKeyDialog } from './revoke-key-dialog.tsx';

const SHOWN_MAX = 5;

/** Says which keys were used from where they never were before, until somebody says that it is in order or ends the key. */
export function NewNetworks({ keys }: { keys: readonly ApiKeyView[] }) {
  const now = useNow(30_000);
  const [revoking, setRevoking] = useState<ApiKeyView | null>(null);
  const found = findNewNetworks(keys, now);
  return (
    <>
      {found.length > 0 && (
        <section className="alarm" aria-labelledby="new-networks-title">
          <h2 id="new-networks-title">
            <ShieldAlert size={18} aria-hidden />
            {found.length === 1 ? 'An API key is used from a new network' : `API keys are used from ${count(found.length, 'new network')}`}
          </h2>
          <p className="small">If that is not one of your programs, revoke the key: it may have leaked.</p>
          <ul className="alarm-list" aria-label="New networks">
            {found.slice(0, SHOWN_MAX).map((each) => (
              <NewNetworkRow key={`${each.apiKey.id} ${each.network.network}`} found={each} onRevoke={setRevoking} />
            ))}
          </ul>
          {found.length > SHOWN_MAX && (
            <p className="small">And {count(found.length - SHOWN_MAX, 'more', 'more')}, once these are settled.</p>
          )}
        </section>
      )}
      {revoking && <RevokeKeyDialog apiKey={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

function NewNetworkRow({ found: { apiKey, network }, onRevoke }: { found: NewNetwork; onRevoke: (apiKey: ApiKeyView) => void }) {
  const client = useQueryClient();
  const acknowledge = useMutation(
    trpc.keys.acknowledgeNetwork.mutationOptions({
      onSuccess: async () => {
        notifications.show({ color: 'green', title: 'Noted', message: `${apiKey.name} is known to be used from there.` });
        await client.invalidateQueries(trpc.keys.list.queryFilter());
      },
      onError: (error) => notifications.show({ color: 'red', title: 'The alert stays', message: readProblem(error).detail }),
    }),
  );
  const place = placeWords(network);
  return (
    <li className="alarm-row">
      <div className="entry-text">
        <span className="entry-name">{apiKey.name}</span>
        <span className="alarm-note">
          from <span className="mono">{place}</span>
          {network.client && (
            <>
              {' '}
              by <span className="mono">{network.client}</span>
            </>
          )}
          , first <RelativeTime at={network.firstUsedAt} />
          {network.lastUsedAt !== network.firstUsedAt && (
            <>
              , last <RelativeTime at={network.lastUsedAt} />
            </>
          )}
        </span>
      </div>
      <Group gap={6} wrap="nowrap">
        <Button
          size="xs"
          variant="default"
          leftSection={<Check size={13} aria-hidden />}
          aria-label={`This was me: ${apiKey.name} from ${place}`}
          onClick={() => acknowledge.mutate({ id: apiKey.id, network: network.network })}
          loading={acknowledge.isPending}
        >
          This was me
        </Button>
        <Button
          size="xs"
          variant="default"
          leftSection={<Trash2 size={13} aria-hidden />}
          aria-label={`Revoke ${apiKey.name}, used from ${place}`}
          onClick={() => onRevoke(apiKey)}
        >
          Revoke
        </Button>
      </Group>
    </li>
  );
}
