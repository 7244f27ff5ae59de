import { FormatLabel } from '#client/components/capture-status.tsx';
import { CopyButton } from '#client/components/copy-button.tsx';
import { type Fact, Facts } from '#client/components/facts.tsx';
import { Panel } from '#client/components/page.tsx';
import { FullTime } from '#client/components/relative-time.tsx';
import { byteSize, count } from '#client/format.ts';
import type { Capture } from '#shared/capture.ts';

/** What is known of a capture and its asset. */
export function CaptureFacts({ capture }: { capture: Capture }) {
  const { asset } = capture;
  const tags = Object.entries(capture.tags);
  const facts: Fact[] = [
    { term: 'Page', value: <span className="break">{capture.url}</span> },
    capture.finalUrl !== null &&
      capture.finalUrl !== capture.url && { term: 'Ended at', value: <span className="break">{capture.finalUrl}</span> },
    capture.httpStatus !== null && { term: 'HTTP status', value: capture.httpStatus },
    { term: 'Format', value: <FormatLabel format={capture.format} /> },
    asset && { term: 'Size', value: sizeOf(asset) },
    capture.partial && { term: 'Partial', value: 'The page had not settled when the time was up.' },
    { term: 'Created', value: <FullTime at={capture.createdAt} /> },
    capture.finishedAt !== null && { term: 'Finished', value: <FullTime at={capture.finishedAt} /> },
    capture.asset && capture.expiresAt !== null && { term: 'Kept until', value: <FullTime at={capture.expiresAt} /> },
    capture.heldAt !== null && { term: 'On hold since', value: <FullTime at={capture.heldAt} /> },
    capture.assetExpiredAt !== null && { term: 'Asset deleted', value: <FullTime at={capture.assetExpiredAt} /> },
    asset && { term: 'SHA-256', value: <Copyable text={asset.sha256} what="SHA-256" /> },
    capture.reference !== null && { term: 'Reference', value: <span className="break">{capture.reference}</span> },
    tags.length > 0 && { term: 'Tags', value: <Tags tags={tags} /> },
  ];
  return (
    <Panel title="Facts" aside={<CopyButton value={capture.id} what="capture id" label="Copy id" />}>
      <Facts facts={facts} />
    </Panel>
  );
}

function sizeOf(asset: NonNullable<Capture['asset']>): string {
  const parts = [byteSize(asset.bytes)];
  if (asset.width !== null && asset.height !== null) parts.push(`${asset.width} × ${asset.height} px`);
  if (asset.pages !== null) parts.push(count(asset.pages, 'page'));
  return parts.join(' · ');
}

function Copyable({ text, what }: { text: string; what: string }) {
  return (
    <span className="copyable">
      <span className="mono truncate" title={text}>
        {text}
      </span>
      <CopyButton value={text} what={what} />
    </span>
  );
}

function Tags({ tags }: { tags: [string, string][] }) {
  return (
    <ul className="tags">
      {tags.map(([key, value]) => (
        <li key={key} className="tag">
          {key}: {value}
        </li>
      ))}
    </ul>
  );
}
