import { Table } from '@mantine/core';
import { Panel } from '#client/components/page.tsx';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { duration } from '#client/format.ts';
import type { Capture } from '#shared/capture.ts';

const PARTS = [
  { key: 'queue', name: 'Waiting in the queue' },
  { key: 'session', name: 'Injecting the session' },
  { key: 'navigate', name: 'Loading the page' },
  { key: 'settle', name: 'Waiting for it to settle' },
  { key: 'actions', name: 'Actions' },
  { key: 'render', name: 'Rendering' },
  { key: 'store', name: 'Storing' },
] as const;

/** Where the time went, as bars to one scale with their numbers, and each attempt. */
export function TimeSpent({ capture }: { capture: Capture }) {
  const parts = PARTS.flatMap(({ key, name }) => (capture.timings[key] === undefined ? [] : [{ name, ms: capture.timings[key] }]));
  if (parts.length === 0 && capture.attempts.length === 0) return null;
  return (
    <Panel title="Time and attempts">
      {parts.length > 0 && <Bars parts={parts} totalMs={capture.timings.total} />}
      {capture.attempts.length > 0 && <Attempts attempts={capture.attempts} />}
    </Panel>
  );
}

function Bars({ parts, totalMs }: { parts: { name: string; ms: number }[]; totalMs: number | undefined }) {
  const longest = Math.max(1, ...parts.map((part) => part.ms));
  return (
    <dl className="bars">
      {parts.map((part) => (
        <div key={part.name}>
          <dt>{part.name}</dt>
          <dd>
            <span className="bar" aria-hidden="true">
              <span style={{ width: `${(part.ms / longest) * 100}%` }} />
            </span>
            <span className="bar-number">{duration(part.ms)}</span>
          </dd>
        </div>
      ))}
      {totalMs !== undefined && (
        <div className="bars-total">
          <dt>Total</dt>
          <dd>
            <span />
            <span className="bar-number">{duration(totalMs)}</span>
          </dd>
        </div>
      )}
    </dl>
  );
}

function Attempts({ attempts }: { attempts: Capture['attempts'] }) {
  return (
    <div className="scroll-x attempts">
      <Table className="table table-small" aria-label="Attempts">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Attempt</Table.Th>
            <Table.Th>Started</Table.Th>
            <Table.Th>Took</Table.Th>
            <Table.Th>Ended with</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {attempts.map((attempt) => (
            <Table.Tr key={attempt.number}>
              <Table.Td title={attempt.runner ?? undefined}>{attempt.number}</Table.Td>
              <Table.Td className="nowrap">
                <RelativeTime at={attempt.startedAt} />
              </Table.Td>
              <Table.Td className="nowrap">
                {attempt.finishedAt ? duration(Math.max(0, Date.parse(attempt.finishedAt) - Date.parse(attempt.startedAt))) : 'running'}
              </Table.Td>
              <Table.Td>{endOf(attempt)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function endOf(attempt: Capture['attempts'][number]) {
  if (attempt.code) return <span className="mono">{attempt.code}</span>;
  return attempt.finishedAt ? 'a result' : '–';
}
