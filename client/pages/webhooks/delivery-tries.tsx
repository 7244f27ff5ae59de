import { CircleCheck, CircleX, LoaderCircle } from 'lucide-react';
import { FullTime } from '#client/components/relative-time.tsx';
import { duration } from '#client/format.ts';
import type { WebhookAttemptView, WebhookDeliveryView } from '#shared/webhook.ts';

type TriesProps = { delivery: WebhookDeliveryView; seesResponses: boolean };

/** Each try of a delivery, the last one first: when, how long, what came back. */
export function DeliveryTries({ delivery, seesResponses }: TriesProps) {
  if (delivery.attempts.length === 0) return <p className="hint">It was not tried yet.</p>;
  return (
    <section aria-labelledby="tries-title" className="stack tries">
      <h3 id="tries-title">Tries</h3>
      {!seesResponses && <p className="hint">What a receiver answers is shown to admins only.</p>}
      <ol className="try-list" reversed aria-label="Tries">
        {delivery.attempts.toReversed().map((attempt) => (
          <Try key={attempt.number} attempt={attempt} />
        ))}
      </ol>
    </section>
  );
}

const ends = {
  ok: { Icon: CircleCheck, look: 'succeeded' },
  failed: { Icon: CircleX, look: 'failed' },
  running: { Icon: LoaderCircle, look: 'running' },
} as const;

function Try({ attempt }: { attempt: WebhookAttemptView }) {
  const { number, startedAt, ms, status, error, response } = attempt;
  const end = error !== null ? 'failed' : status === null ? 'running' : 'ok';
  const { Icon, look } = ends[end];
  return (
    <li className="try">
      <div className="card-line">
        <strong>Try {number}</strong>
        <span className={`status status-${look}`}>
          <Icon size={14} strokeWidth={2.25} aria-hidden />
          {status ?? (end === 'running' ? 'Running' : 'No answer')}
        </span>
      </div>
      <p className="dimmed small">
        <FullTime at={startedAt} />
        {ms !== null && ` · ${duration(ms)}`}
      </p>
      {error !== null && <p className="try-error break">{error}</p>}
      {response && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className="try-response" tabIndex={0} aria-label={`Answer to try ${number}`}>
          <pre>{response}</pre>
        </section>
      )}
    </li>
  );
}
