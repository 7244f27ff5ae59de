import { Panel } from '#client/components/page.tsx';
import type { Capture } from '#shared/capture.ts';
import { CaptureFacts } from './capture-facts.tsx';
import { CaptureFailure } from './capture-failure.tsx';
import { CaptureLink } from './capture-link.tsx';
import { CapturePreview } from './capture-preview.tsx';
import { AuthReceipt, Egress, Readiness } from './capture-receipts.tsx';
import { TimeSpent } from './time-spent.tsx';
import { Timeline } from './timeline.tsx';

/** Everything about a capture: what went wrong first, then the way it went, the result, and the facts beside it. */
export function CaptureBody({ capture, step }: { capture: Capture; step: string | null }) {
  return (
    <>
      {capture.error && <CaptureFailure error={capture.error} />}
      <Panel title="Timeline">
        <Timeline capture={capture} step={step} />
      </Panel>
      <div className="capture-grid">
        <div className="stack">
          {capture.asset && <CaptureLink key={capture.asset.sha256} captureId={capture.id} asset={capture.asset} format={capture.format} />}
          <CapturePreview capture={capture} />
          <TimeSpent capture={capture} />
        </div>
        <div className="stack">
          <CaptureFacts capture={capture} />
          <AuthReceipt capture={capture} />
          <Readiness readiness={capture.readiness} />
          <Egress egress={capture.egress} />
        </div>
      </div>
    </>
  );
}
