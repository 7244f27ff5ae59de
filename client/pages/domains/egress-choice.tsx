import { Radio, Skeleton, Stack } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { Panel } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { trpc, whoAmI } from '#client/trpc.ts';
import type { EgressMode } from '#shared/console.ts';

const CHOICES: readonly { mode: EgressMode; label: string; note: string; done: string }[] = [
  {
    mode: 'standard',
    label: 'Standard',
    note: 'Pages load frames, scripts, pictures and data from any public host, as in a browser of yours.',
    done: 'Pages load from any public host.',
  },
  {
    mode: 'strict',
    label: 'Strict',
    note: 'Pages load from the hosts on this list alone. Nothing else is even looked up: the capture is made without it and names each host under “Network”.',
    done: 'Pages load from the hosts on this list alone.',
  },
];

/** Whether pages may load from hosts that are not on the list. Everybody sees it, admins change it. */
export function EgressChoice() {
  const client = useQueryClient();
  const me = useQuery(whoAmI);
  const policy = useQuery(trpc.domains.egressMode.queryOptions());
  const isAdmin = me.data?.role === 'owner' || me.data?.role === 'admin';
  const change = useMutation(
    trpc.domains.setEgressMode.mutationOptions({
      onSuccess: async ({ mode }) => {
        await client.invalidateQueries(trpc.domains.egressMode.queryFilter());
        const choice = CHOICES.find((each) => each.mode === mode);
        notifications.show({ color: 'green', title: `${choice?.label} mode`, message: choice?.done });
      },
    }),
  );
  return (
    <Panel title="Where pages may load from">
      <QueryPane query={policy} skeleton={<Skeleton h={120} />}>
        {({ mode }) => (
          <Radio.Group
            label="Mode"
            description={isAdmin ? 'Captures that wait go by it too.' : 'Owners and admins change it.'}
            value={mode}
            onChange={(value) => change.mutate({ mode: value === 'strict' ? 'strict' : 'standard' })}
          >
            <Stack gap="sm" mt="sm">
              {CHOICES.map(({ mode: value, label, note }) => (
                <Radio key={value} value={value} label={label} description={note} disabled={!isAdmin || change.isPending} />
              ))}
            </Stack>
          </Radio.Group>
        )}
      </QueryPane>
      {change.error && <ErrorNotice error={change.error} />}
    </Panel>
  );
}
