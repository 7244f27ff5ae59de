import { Button, Group, Table } from '@mantine/core';
import { CircleCheck, CircleX, Clock, RotateCw, Trash2 } from 'lucide-react';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { useIsWide } from '#client/components/use-is-wide.ts';
import { useNow } from '#client/use-now.ts';
import type { ApiKeyView } from '#shared/console.ts';
import { type KeyState, keyEnd, keyState, lastUseWords } from './key-state.ts';

export type KeyAction = 'rotate' | 'revoke';
type KeyTableProps = { keys: readonly ApiKeyView[]; onAction: (action: KeyAction, key: ApiKeyView) => void };
type KeyProps = { apiKey: ApiKeyView; state: KeyState; onAction: KeyTableProps['onAction'] };

const states = {
  active: { word: 'Active', Icon: CircleCheck, look: 'succeeded' },
  expiring: { word: 'Ends soon', Icon: Clock, look: 'waiting' },
  expired: { word: 'Expired', Icon: CircleX, look: 'canceled' },
  revoked: { word: 'Revoked', Icon: CircleX, look: 'canceled' },
} as const;

/** The keys with what they may do, when they were last used, and when they end. */
export function KeyTable({ keys, onAction }: KeyTableProps) {
  const isWide = useIsWide();
  const now = useNow(30_000);
  if (!isWide)
    return (
      <ul className="cards" aria-label="API keys">
        {keys.map((key) => (
          <KeyCard key={key.id} apiKey={key} state={keyState(key, now)} onAction={onAction} />
        ))}
      </ul>
    );
  return (
    <div className="table-frame">
      <Table className="table" aria-label="API keys">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>May</Table.Th>
            <Table.Th>Domains</Table.Th>
            <Table.Th>Last used</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>
              <span className="visually-hidden">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {keys.map((key) => (
            <KeyRow key={key.id} apiKey={key} state={keyState(key, now)} onAction={onAction} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function KeyRow({ apiKey, state, onAction }: KeyProps) {
  return (
    <Table.Tr data-off={isOver(state) || undefined}>
      <Table.Td>
        <KeyName apiKey={apiKey} />
      </Table.Td>
      <Table.Td>
        <Scopes apiKey={apiKey} />
      </Table.Td>
      <Table.Td className="break">{apiKey.domains?.join(', ') ?? <span className="dimmed">all allowed</span>}</Table.Td>
      <Table.Td>
        <span className="last-use">
          <span className="nowrap">
            <RelativeTime at={apiKey.lastUsedAt} none="never" />
          </span>
          {apiKey.lastUsedFrom && <span className="row-note">from {apiKey.lastUsedFrom}</span>}
          {apiKey.lastUsedBy && (
            <span className="row-note last-program" title={apiKey.lastUsedBy}>
              by {apiKey.lastUsedBy}
            </span>
          )}
        </span>
      </Table.Td>
      <Table.Td>
        <KeyStateLabel apiKey={apiKey} state={state} />
      </Table.Td>
      <Table.Td>{!isOver(state) && <KeyActions apiKey={apiKey} onAction={onAction} />}</Table.Td>
    </Table.Tr>
  );
}

function KeyCard({ apiKey, state, onAction }: KeyProps) {
  return (
    <li className="card" data-off={isOver(state) || undefined}>
      <div className="card-line">
        <KeyName apiKey={apiKey} />
        <KeyStateLabel apiKey={apiKey} state={state} />
      </div>
      <Scopes apiKey={apiKey} />
      <p className="dimmed small">
        {apiKey.domains ? apiKey.domains.join(', ') : 'All allowed domains'} · last used{' '}
        <RelativeTime at={apiKey.lastUsedAt} none="never" />
        {apiKey.lastUsedFrom && ` from ${lastUseWords(apiKey)}`}
      </p>
      {!isOver(state) && <KeyActions apiKey={apiKey} onAction={onAction} />}
    </li>
  );
}

function KeyName({ apiKey }: { apiKey: ApiKeyView }) {
  return (
    <span className="key-name">
      <strong>{apiKey.name}</strong>
      <span className="mono dimmed">ss_live_{apiKey.hint}…</span>
    </span>
  );
}

function Scopes({ apiKey }: { apiKey: ApiKeyView }) {
  return (
    <ul className="tags">
      {apiKey.scopes.map((scope) => (
        <li key={scope} className="tag mono">
          {scope.replace('captures:', '')}
        </li>
      ))}
      {apiKey.maxConcurrentCaptures !== null && <li className="tag">{apiKey.maxConcurrentCaptures} at once</li>}
    </ul>
  );
}

function KeyStateLabel({ apiKey, state }: { apiKey: ApiKeyView; state: KeyState }) {
  const { word, Icon, look } = states[state];
  const end = keyEnd(apiKey);
  return (
    <span className="key-state">
      <span className={`status status-${look}`}>
        <Icon size={14} strokeWidth={2.25} aria-hidden />
        {word}
      </span>
      {end && (
        <span className="row-note">
          {isOver(state) ? '' : 'ends '}
          <RelativeTime at={end} />
        </span>
      )}
    </span>
  );
}

function KeyActions({ apiKey, onAction }: Omit<KeyProps, 'state'>) {
  return (
    <Group gap={6} wrap="nowrap" justify="flex-end">
      <Button
        size="xs"
        variant="default"
        leftSection={<RotateCw size={13} aria-hidden />}
        aria-label={`Rotate ${apiKey.name}`}
        onClick={() => onAction('rotate', apiKey)}
      >
        Rotate
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={<Trash2 size={13} aria-hidden />}
        aria-label={`Revoke ${apiKey.name}`}
        onClick={() => onAction('revoke', apiKey)}
      >
        Revoke
      </Button>
    </Group>
  );
}

function isOver(state: KeyState): boolean {
  return state === 'revoked' || state === 'expired';
}
