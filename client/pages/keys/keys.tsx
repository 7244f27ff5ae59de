import { Button, Skeleton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { EmptyState } from '#client/components/empty-state.tsx';
import { Page } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { trpc } from '#client/trpc.ts';
import type { ApiKeyView } from '#shared/console.ts';
import { CreateKeyDialog } from './create-key-dialog.tsx';
import { type KeyAction, KeyTable } from './key-table.tsx';
import { NewNetworks } from './new-networks.tsx';
import { RevokeKeyDialog } from './revoke-key-dialog.tsx';
import { RotateKeyDialog } from './rotate-key-dialog.tsx';
import { type NewSecret, SecretOnce } from './secret-once.tsx';

const KEYS_EVERY_MS = 60_000;

/** The API keys of the workspace: make, rotate, revoke. A key's text is shown once, when it is made. */
export function KeysPage() {
  const keys = useQuery(trpc.keys.list.queryOptions(undefined, { refetchInterval: KEYS_EVERY_MS }));
  const [isCreating, create] = useDisclosure(false);
  const [action, setAction] = useState<{ kind: KeyAction; apiKey: ApiKeyView } | null>(null);
  const [secret, setSecret] = useState<NewSecret | null>(null);
  const done = () => setAction(null);
  const createButton = (
    <Button leftSection={<Plus size={16} aria-hidden />} onClick={create.open}>
      Create API key
    </Button>
  );
  return (
    <Page
      title="API keys"
      description="Programs send a key with each request. Only a hash of it is stored: its text is shown once."
      actions={keys.data?.length !== 0 && createButton}
    >
      <QueryPane query={keys} skeleton={<Skeleton h={220} />}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={KeyRound} title="No API key yet" actions={createButton}>
              A key belongs to this workspace. Its scopes say what it may do, and it can be narrowed to some of the allowed domains. Make
              one for each program, so that one can be revoked without stopping the others.
            </EmptyState>
          ) : (
            <>
              <NewNetworks keys={list} />
              <KeyTable keys={list} onAction={(kind, apiKey) => setAction({ kind, apiKey })} />
            </>
          )
        }
      </QueryPane>
      <CreateKeyDialog opened={isCreating} onClose={create.close} onCreated={setSecret} />
      {action?.kind === 'rotate' && <RotateKeyDialog apiKey={action.apiKey} onClose={done} onRotated={setSecret} />}
      {action?.kind === 'revoke' && <RevokeKeyDialog apiKey={action.apiKey} onClose={done} />}
      {secret && <SecretOnce secret={secret} onClose={() => setSecret(null)} />}
    </Page>
  );
}
