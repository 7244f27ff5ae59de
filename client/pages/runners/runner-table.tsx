import { Table } from '@mantine/core';
import { CircleCheck, CircleX, Clock } from 'lucide-react';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { useIsWide } from '#client/components/use-is-wide.ts';
import type { RunnerView } from '#shared/console.ts';
import { runnerFault, runnerState, sortRunners } from './runner-state.ts';

const states = {
  online: { word: 'Online', Icon: CircleCheck, look: 'succeeded' },
  offline: { word: 'Offline', Icon: Clock, look: 'waiting' },
  revoked: { word: 'Revoked', Icon: CircleX, look: 'canceled' },
} as const;

/** The runners of the instance, with what each says of its browser. */
export function RunnerTable({ runners }: { runners: readonly RunnerView[] }) {
  const sorted = sortRunners(runners);
  if (!useIsWide())
    return (
      <ul className="cards" aria-label="Runners">
        {sorted.map((runner) => (
          <RunnerCard key={runner.id} runner={runner} />
        ))}
      </ul>
    );
  return (
    <div className="table-frame">
      <Table className="table" aria-label="Runners">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Last seen</Table.Th>
            <Table.Th>Browser</Table.Th>
            <Table.Th>Sandbox</Table.Th>
            <Table.Th>Since</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sorted.map((runner) => (
            <Table.Tr key={runner.id} data-off={runnerState(runner) === 'revoked' || undefined}>
              <Table.Td>
                <RunnerName runner={runner} />
              </Table.Td>
              <Table.Td>
                <RunnerStateLabel runner={runner} />
              </Table.Td>
              <Table.Td className="nowrap">
                <RelativeTime at={runner.lastSeenAt} none="never" />
              </Table.Td>
              <Table.Td>{runner.browser ? `Chromium ${runner.browser.version}` : <span className="dimmed">not told yet</span>}</Table.Td>
              <Table.Td>{runner.sandbox ?? <span className="dimmed">not told yet</span>}</Table.Td>
              <Table.Td className="nowrap">
                <RelativeTime at={runner.createdAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function RunnerCard({ runner }: { runner: RunnerView }) {
  return (
    <li className="card" data-off={runnerState(runner) === 'revoked' || undefined}>
      <div className="card-line">
        <RunnerName runner={runner} />
        <RunnerStateLabel runner={runner} />
      </div>
      <p className="dimmed small">
        {runner.browser ? `Chromium ${runner.browser.version}` : 'browser not told yet'} · sandbox {runner.sandbox ?? 'not told yet'} · last
        seen <RelativeTime at={runner.lastSeenAt} none="never" />
      </p>
    </li>
  );
}

function RunnerName({ runner }: { runner: RunnerView }) {
  return (
    <span className="key-name">
      <strong className="break">{runner.name}</strong>
      <span className="mono dimmed break">{runner.id}</span>
    </span>
  );
}

function RunnerStateLabel({ runner }: { runner: RunnerView }) {
  const { word, Icon, look } = states[runnerState(runner)];
  const fault = runnerFault(runner);
  return (
    <span className="key-state">
      <span className={`status status-${look}`}>
        <Icon size={14} strokeWidth={2.25} aria-hidden />
        {word}
      </span>
      {fault && <span className="row-note bad">{fault}</span>}
    </span>
  );
}
