import { Skeleton, Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { CircleX, Clock, ShieldCheck, TriangleAlert } from 'lucide-react';
import { FullTime } from '#client/components/relative-time.tsx';
import { useIsWide } from '#client/components/use-is-wide.ts';
import type { ListedEntry } from '#shared/audit.ts';
import type { AuditSearch } from './audit-search.ts';
import { ACTION_WORDS, actorWords } from './audit-words.ts';

type TableProps = { entries: readonly ListedEntry[]; search: AuditSearch; isStale: boolean };
type EntryProps = { entry: ListedEntry; search: AuditSearch };

/** Entries as a table; as cards where a table would not fit. */
export function AuditTable({ entries, search, isStale }: TableProps) {
  const isWide = useIsWide();
  if (!isWide)
    return (
      <ul className="cards" data-stale={isStale || undefined} aria-label="Entries">
        {entries.map((entry) => (
          <AuditCard key={entry.id} entry={entry} search={search} />
        ))}
      </ul>
    );
  return (
    <div className="table-frame" data-stale={isStale || undefined}>
      <Table className="table" aria-label="Entries">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>When</Table.Th>
            <Table.Th>Who</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th>From</Table.Th>
            <Table.Th w={40}>
              <span className="visually-hidden">Chain</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((entry) => (
            <AuditRow key={entry.id} entry={entry} search={search} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function AuditRow({ entry, search }: EntryProps) {
  return (
    <Table.Tr>
      <Table.Td>
        <FullTime at={entry.at} />
      </Table.Td>
      <Table.Td>
        <Who entry={entry} search={search} />
      </Table.Td>
      <Table.Td>
        <What entry={entry} />
      </Table.Td>
      <Table.Td className="mono break">{entry.address ?? <span className="dimmed">–</span>}</Table.Td>
      <Table.Td>
        <Seal entry={entry} />
      </Table.Td>
    </Table.Tr>
  );
}

function AuditCard({ entry, search }: EntryProps) {
  return (
    <li className="card">
      <div className="card-line">
        <Who entry={entry} search={search} />
        <Seal entry={entry} />
      </div>
      <What entry={entry} />
      <p className="dimmed small">
        <FullTime at={entry.at} />
        {entry.address && (
          <>
            {' from '}
            <span className="mono break">{entry.address}</span>
          </>
        )}
      </p>
    </li>
  );
}

/** A name leads to everything that this one did. */
function Who({ entry, search }: EntryProps) {
  const words = actorWords(entry);
  const { id } = entry.actor;
  return (
    <div className="audit-who">
      {id === null ? (
        <span className="audit-name">{words}</span>
      ) : (
        <Link to="/audit" search={{ ...search, actor: id, cursor: undefined }} className="audit-name" title={`Only ${words}`}>
          {words}
        </Link>
      )}
      {id !== null && <span className="row-note mono break">{id}</span>}
    </div>
  );
}

function What({ entry }: { entry: ListedEntry }) {
  const about = [entry.detail, entry.target !== entry.actor.id && entry.target].filter(Boolean).join(' · ');
  return (
    <div>
      <span className="audit-what">
        {entry.outcome === 'refused' && (
          <span className="status status-failed">
            <CircleX size={14} strokeWidth={2.25} aria-hidden />
            Refused
          </span>
        )}
        {ACTION_WORDS[entry.action]}
      </span>
      {about && <span className="row-note mono break audit-about">{about}</span>}
    </div>
  );
}

const SEALS = {
  chained: { Icon: ShieldCheck, says: 'fits the chain', look: 'ok' },
  waiting: { Icon: Clock, says: 'not chained yet', look: 'dimmed' },
  broken: { Icon: TriangleAlert, says: 'does not fit the chain', look: 'bad' },
} as const;

function Seal({ entry }: { entry: ListedEntry }) {
  const { Icon, says, look } = SEALS[entry.seal];
  return (
    <span className={look} title={says}>
      <Icon size={16} aria-hidden />
      <span className="visually-hidden">{says}</span>
    </span>
  );
}

/** The place of the list while it is read: as tall as the list will be, so that nothing jumps. */
export function AuditSkeleton({ rows }: { rows: number }) {
  return (
    <div className="table-frame" role="status" aria-label="Reading the audit log">
      <div className="skeleton-head" />
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((row) => (
        <div className="skeleton-row" key={row}>
          <Skeleton h={16} w={140} />
          <Skeleton h={16} w={110} />
          <Skeleton h={16} w="40%" />
        </div>
      ))}
    </div>
  );
}
