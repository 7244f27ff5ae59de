import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { CodeBlock } from '#client/components/code-block.tsx';
import { Panel } from '#client/components/page.tsx';
import { EVENT_WORDS, EVENTS, FIRST_EVENTS, isEvent, sampleBody } from './webhook-words.ts';

const VERIFY = `import { Webhook } from 'standardwebhooks';

// The text as it came, not parsed and written anew.
const body = await request.text();
const headers = Object.fromEntries(request.headers);

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const event = webhook.verify(body, headers);`;

/** What endpoints can hear of, what is sent, and how a receiver proves that it came from here. */
export function EventCatalogue() {
  const [shown, setShown] = useState(FIRST_EVENTS[0] ?? 'capture.succeeded');
  return (
    <div className="webhook-catalogue">
      <Panel title="Events">
        <dl className="event-list">
          {EVENTS.map((event) => (
            <div key={event}>
              <dt className="mono">{event}</dt>
              <dd>{EVENT_WORDS[event]}</dd>
            </div>
          ))}
        </dl>
        <NativeSelect
          label="Body of"
          description="Ids alone: no link, no address, no reason. Read the capture for its result."
          data={[...EVENTS]}
          value={shown}
          onChange={({ currentTarget: { value } }) => isEvent(value) && setShown(value)}
        />
        <CodeBlock code={sampleBody(shown)} what="sample body" />
      </Panel>
      <Panel title="Verify what arrives">
        <p className="hint">
          Signed by Standard Webhooks, for which every language has a library. Anybody can send to your address: take nothing that does not
          verify.
        </p>
        <CodeBlock code={VERIFY} what="code that verifies" />
        <p className="hint">
          Answer with a 2xx within 10 seconds. Anything else is tried again: eight times within 24 hours. An event arrives at least once,
          sometimes twice, in no fixed order: pass over a <span className="mono">webhook-id</span> that you have seen.
        </p>
      </Panel>
    </div>
  );
}
