import { Anchor } from '@mantine/core';
import { CircleX } from 'lucide-react';
import { stepWords } from '#client/components/capture-status.tsx';
import type { Capture } from '#shared/capture.ts';

type CaptureError = NonNullable<Capture['error']>;

const moves: Record<CaptureError['blame'], string> = {
  request: 'The request needs a change.',
  target: 'The cause lies with the page or its site.',
  service: 'The cause lies with this instance.',
};

/** Why a capture failed, whose move it is, and what to do. */
export function CaptureFailure({ error }: { error: CaptureError }) {
  return (
    <section className="failure" aria-label="Why it failed">
      <CircleX size={18} aria-hidden className="failure-icon" />
      <div>
        <h2>
          Failed with <span className="mono">{error.code}</span>
        </h2>
        <p className="failure-text">{error.message}</p>
        <p className="failure-note">
          {moves[error.blame]}{' '}
          {error.retryable ? 'Sending the same request again may help.' : 'Sending the same request again will not help.'}
          {error.step && ` Step: ${stepWords(error.step).toLowerCase()}.`}{' '}
          <Anchor href={error.docs} size="sm" target="_blank" rel="noreferrer">
            About this code
          </Anchor>
        </p>
      </div>
    </section>
  );
}
