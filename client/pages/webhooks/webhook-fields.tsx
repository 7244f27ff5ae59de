import { Checkbox, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { LIMITS } from '#shared/limits.ts';
import type { WebhookEventType } from '#shared/webhook.ts';
import { EVENT_WORDS, EVENTS, isEvent } from './webhook-words.ts';

export type WebhookValues = { description: string; events: WebhookEventType[] };

/** The rules of the fields that a new endpoint and a changed one share. */
export const webhookRules = {
  description: (text: string) =>
    text.trim().length > LIMITS.webhookDescriptionCharsMax ? `Use at most ${LIMITS.webhookDescriptionCharsMax} characters.` : null,
  events: (events: readonly string[]) => (events.length > 0 ? null : 'Choose at least one event.'),
};

/** What an endpoint is for, and what it hears of. */
export function WebhookFields<Values extends WebhookValues>({ form }: { form: UseFormReturnType<Values> }) {
  return (
    <>
      <TextInput label="Description" description="For people: who takes the events, and what for." {...form.getInputProps('description')} />
      <Checkbox.Group
        label="Events"
        data-invalid-group={form.errors.events ? true : undefined}
        {...form.getInputProps('events')}
        onChange={(values: string[]) => form.setValues((now) => ({ ...now, events: values.filter(isEvent) }))}
      >
        <div className="checks">
          {EVENTS.map((event) => (
            <Checkbox key={event} value={event} label={<span className="mono">{event}</span>} description={EVENT_WORDS[event]} />
          ))}
        </div>
      </Checkbox.Group>
    </>
  );
}
