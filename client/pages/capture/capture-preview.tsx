import { Button, Group, SegmentedControl } from '@mantine/core';
import { FileText, ImageOff, LoaderCircle } from 'lucide-react';
import { useState } from 'react';
import { Panel } from '#client/components/page.tsx';
import type { Capture } from '#shared/capture.ts';

type Asset = NonNullable<Capture['asset']>;

/** The result itself, or why there is none. */
export function CapturePreview({ capture }: { capture: Capture }) {
  if (!capture.asset) return <NoPreview capture={capture} />;
  // One preview for each asset: a new link must not load the picture again.
  return capture.format === 'pdf' ? (
    <PdfPreview key={capture.asset.sha256} asset={capture.asset} />
  ) : (
    <ImagePreview key={capture.asset.sha256} asset={capture.asset} />
  );
}

function ImagePreview({ asset }: { asset: Asset }) {
  const [fit, setFit] = useState<'fit' | 'full'>('fit');
  const [src, setSrc] = useState(asset.url);
  const [isBroken, setBroken] = useState(false);
  const reload = () => {
    setBroken(false);
    setSrc(asset.url);
  };
  const size = { width: asset.width ?? undefined, height: asset.height ?? undefined };
  return (
    <Panel
      flush
      title="Preview"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="Size of the preview"
          value={fit}
          onChange={(value) => setFit(value === 'full' ? 'full' : 'fit')}
          data={[
            { value: 'fit', label: 'Fit' },
            { value: 'full', label: '1:1' },
          ]}
        />
      }
    >
      {isBroken ? (
        <Nothing icon={ImageOff} text="The picture could not be loaded: its link may have run out.">
          <Button size="xs" variant="default" onClick={reload} mt="sm">
            Load with the present link
          </Button>
        </Nothing>
      ) : (
        /* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */
        <section className="preview" data-fit={fit} tabIndex={0} aria-label="Captured picture">
          <img src={src} alt="The captured page" onError={() => setBroken(true)} {...size} />
        </section>
      )}
    </Panel>
  );
}

function PdfPreview({ asset }: { asset: Asset }) {
  const [src, setSrc] = useState(asset.url);
  const isShown = navigator.pdfViewerEnabled;
  return (
    <Panel
      flush
      title="Preview"
      aside={
        isShown && src !== asset.url ? (
          <Button size="xs" variant="default" onClick={() => setSrc(asset.url)}>
            Load with the new link
          </Button>
        ) : undefined
      }
    >
      {isShown ? (
        <iframe className="preview-pdf" src={`${src}#navpanes=0&view=FitH`} title="The captured PDF" />
      ) : (
        <Nothing icon={FileText} text="This browser shows no PDFs inside pages: open the link above." />
      )}
    </Panel>
  );
}

function NoPreview({ capture }: { capture: Capture }) {
  if (capture.status === 'queued' || capture.status === 'running')
    return (
      <Panel flush title="Preview">
        <Nothing icon={LoaderCircle} text="The result appears here as soon as it is stored." isBusy />
      </Panel>
    );
  return (
    <Panel flush title="Preview">
      <Nothing icon={ImageOff} text={reasonFor(capture)} />
    </Panel>
  );
}

function reasonFor(capture: Capture): string {
  if (capture.assetExpiredAt) return 'The file was deleted at the end of its retention. The record of the capture stays.';
  if (capture.status === 'canceled') return 'Canceled: nothing was stored.';
  return 'The capture failed: nothing was stored, so that a sign-in or error page is never mistaken for a result.';
}

type NothingProps = { icon: typeof ImageOff; text: string; isBusy?: boolean; children?: React.ReactNode };

function Nothing({ icon: Icon, text, isBusy = false, children }: NothingProps) {
  return (
    <Group className="preview-nothing" justify="center">
      <div>
        <Icon size={22} aria-hidden className={isBusy ? 'spin' : undefined} />
        <p>{text}</p>
        {children}
      </div>
    </Group>
  );
}
