import { Button, NativeSelect, TextInput } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { AUDIT_ACTIONS, AUDIT_ACTORS, AUDIT_OUTCOMES } from '#shared/audit-actions.ts';
import { type AuditSearch, isFiltered, readAuditSearch } from './audit-search.ts';
import { ACTION_WORDS, KIND_WORDS } from './audit-words.ts';

const ANY = { value: '', label: 'Everything' };
const ACTIONS = [ANY, ...AUDIT_ACTIONS.map((action) => ({ value: action, label: ACTION_WORDS[action] }))];
const KINDS = [{ value: '', label: 'Everybody' }, ...AUDIT_ACTORS.map((kind) => ({ value: kind, label: KIND_WORDS[kind] }))];
const OUTCOME_WORDS = { ok: 'Done', refused: 'Refused' };
const OUTCOMES = [{ value: '', label: 'Done or refused' }, ...AUDIT_OUTCOMES.map((value) => ({ value, label: OUTCOME_WORDS[value] }))];

/** The filters of the audit log. Each holds as soon as it is chosen. `actorName`: whom the list is narrowed to. */
export function AuditFilters({ search, actorName }: { search: AuditSearch; actorName: string | null }) {
  const navigate = useNavigate();
  // From the address as it is by then: two changes may come before the page is drawn once.
  const change = (name: keyof AuditSearch, value: string) =>
    void navigate({ to: '/audit', search: (now) => readAuditSearch({ ...now, [name]: value, cursor: undefined }), replace: true });
  return (
    <search aria-label="Audit log" className="audit-filters">
      <NativeSelect
        size="xs"
        label="What"
        data={ACTIONS}
        value={search.action ?? ''}
        onChange={(event) => change('action', event.currentTarget.value)}
      />
      <NativeSelect
        size="xs"
        label="Who"
        data={KINDS}
        value={search.kind ?? ''}
        onChange={(event) => change('kind', event.currentTarget.value)}
      />
      <NativeSelect
        size="xs"
        label="Outcome"
        data={OUTCOMES}
        value={search.outcome ?? ''}
        onChange={(event) => change('outcome', event.currentTarget.value)}
      />
      <DayField label="From" day={search.from} onChange={(day) => change('from', day)} />
      <DayField label="To" day={search.to} onChange={(day) => change('to', day)} />
      {search.actor && (
        <Button
          size="xs"
          variant="default"
          rightSection={<X size={13} aria-hidden />}
          aria-label={`Only ${actorName ?? search.actor}: show others too`}
          onClick={() => change('actor', '')}
        >
          Only {actorName ?? search.actor}
        </Button>
      )}
      {isFiltered(search) && (
        <Button size="xs" variant="subtle" color="gray" className="quiet-button" renderRoot={(props) => <Link to="/audit" {...props} />}>
          Clear all
        </Button>
      )}
    </search>
  );
}

type DayFieldProps = { label: string; day: string | undefined; onChange: (day: string) => void };

/**
 * A day. The field keeps what is being typed: years come a digit at a time, and a filter that is not one yet must not empty
 * it. A day that was set or cleared elsewhere is taken over when nobody is typing.
 */
function DayField({ label, day = '', onChange }: DayFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (field.current && field.current !== document.activeElement) field.current.value = day;
  }, [day]);
  return (
    <TextInput
      ref={field}
      size="xs"
      type="date"
      label={label}
      min="2000-01-01"
      defaultValue={day}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
