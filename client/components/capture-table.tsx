import { Skeleton, Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { ShieldCheck } from 'lucide-react';
import type { Capture } from '#shared/capture.ts';
import { splitUrl } from '../format.ts';
import { FormatLabel, StatusBadge, stepWords } from './capture-status.tsx';
import { CopyButton } from './copy-button.tsx';
import { Elapsed } from './elapsed.tsx';
import { RelativeTime } from './relative-time.tsx';
import { useIsWide } from './use-is-wide.ts';

type CaptureTableProps = { captures: readonly Capture[]; steps: Record<string, string | null>; isStale?: boolean };

/** Captures as a table; as cards where a table would not fit. */
export function CaptureTable({ captures, steps, isStale = false }: CaptureTableProps) {
  const isWide = useIsWide();
  if (!isWide)
    return (
      <ul className="cards" data-stale={isStale || undefined} aria-label="Captures">
        {captures.map((capture) => (
          <CaptureCard key={capture.id} capture={capture} step={steps[capture.id] ?? null} />
        ))}
      </ul>
    );
  return (
    <div className="table-frame" data-stale={isStale || undefined}>
      <Table className="table" aria-label="Captures">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={190}>Status</Table.Th>
            <Table.Th>Page</Table.Th>
            <Table.Th w={90}>Format</Table.Th>
            <Table.Th w={130}>Created</Table.Th>
            <Table.Th w={100} ta="right">
              Duration
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {captures.map((capture) => (
            <CaptureRow key={capture.id} capture={capture} step={steps[capture.id] ?? null} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function CaptureRow({ capture, step }: { capture: Capture; step: string | null }) {
  return (
    <Table.Tr className="link-row">
      <Table.Td>
        <Status capture={capture} />
        <StatusNote capture={capture} step={step} />
      </Table.Td>
      <Table.Td>
        <CaptureLink capture={capture} />
        <CaptureId id={capture.id} />
      </Table.Td>
      <Table.Td>
        <FormatLabel format={capture.format} />
      </Table.Td>
      <Table.Td className="nowrap">
        <RelativeTime at={capture.createdAt} />
      </Table.Td>
      <Table.Td ta="right" className="nowrap">
        <Elapsed capture={capture} />
      </Table.Td>
    </Table.Tr>
  );
}

function CaptureCard({ capture, step }: { capture: Capture; step: string | null }) {
  return (
    <li className="card link-row">
      <div className="card-line">
        <Status capture={capture} />
        <StatusNote capture={capture} step={step} />
      </div>
      <CaptureLink capture={capture} />
      <div className="card-line small dimmed">
        <FormatLabel format={capture.format} />
        <RelativeTime at={capture.createdAt} />
        <Elapsed capture={capture} />
      </div>
      <CaptureId id={capture.id} />
    </li>
  );
}

function Status({ capture }: { capture: Capture }) {
  return (
    <span className="status-pair">
      <StatusBadge status={capture.status} />
      {capture.verdict === 'authenticated' && (
        <>
          <ShieldCheck size={15} className="verified" aria-hidden />
          <span className="visually-hidden">seen signed in</span>
        </>
      )}
    </span>
  );
}

function CaptureLink({ capture }: { capture: Capture }) {
  const { host, path } = splitUrl(capture.url);
  return (
    <Link to="/captures/$captureId" params={{ captureId: capture.id }} className="row-link" title={capture.url}>
      <span className="row-host">{host}</span>
      <span className="row-path">{path}</span>
    </Link>
  );
}

function CaptureId({ id }: { id: string }) {
  return (
    <span className="row-id">
      <span className="mono">{id}</span>
      <CopyButton value={id} what="capture id" />
    </span>
  );
}

/** The second line of a status: what the runner does, why it failed, or what became of the file. */
function StatusNote({ capture, step }: { capture: Capture; step: string | null }) {
  const note = noteOf(capture, step);
  return note ? <div className="row-note">{note}</div> : null;
}

function noteOf(capture: Capture, step: string | null): string | null {
  if (capture.status === 'running') return step ? stepWords(step) : null;
  if (capture.error) return capture.error.code;
  if (capture.heldAt) return 'on hold';
  return capture.assetExpiredAt ? 'file deleted' : null;
}

/** The place of a list while it is read: as tall as the list will be, so that nothing jumps. */
export function CaptureTableSkeleton({ rows }: { rows: number }) {
  return (
    <div className="table-frame" role="status" aria-label="Reading captures">
      <div className="skeleton-head" />
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((row) => (
        <div className="skeleton-row" key={row}>
          <Skeleton h={16} w={96} />
          <Skeleton h={16} w="45%" />
          <Skeleton h={16} w={64} />
        </div>
      ))}
    </div>
  );
}
