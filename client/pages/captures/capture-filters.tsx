import { Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Link, useNavigate } from '@tanstack/react-router';
import { Search, X } from 'lucide-react';
import { STATUS_WORDS } from '#client/components/capture-status.tsx';
import { type CaptureSearch, isFiltered, text } from './capture-search.ts';

/** The filters of the list. Statuses are links; the texts are sent with Enter or the button. */
export function CaptureFilters({ search }: { search: CaptureSearch }) {
  return (
    <div className="filters">
      <nav className="status-tabs" aria-label="Filter by status">
        <StatusTab search={search} status={undefined} word="All" />
        {STATUS_WORDS.map(({ status, word }) => (
          <StatusTab key={status} search={search} status={status} word={word} />
        ))}
      </nav>
      <TextFilters key={`${search.host} ${search.reference} ${search.tag}`} search={search} />
    </div>
  );
}

function StatusTab({ search, status, word }: { search: CaptureSearch; status: CaptureSearch['status']; word: string }) {
  // The router would mark every tab whose filters are among the present ones, "All" always.
  const current = { 'aria-current': search.status === status ? ('true' as const) : undefined };
  return (
    <Link
      to="/captures"
      search={{ ...search, status, cursor: undefined }}
      className="status-tab"
      activeOptions={{ exact: true }}
      activeProps={current}
      inactiveProps={current}
    >
      {word}
    </Link>
  );
}

function TextFilters({ search }: { search: CaptureSearch }) {
  const navigate = useNavigate();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { host: search.host ?? '', reference: search.reference ?? '', tag: search.tag ?? '' },
    validate: { tag: (value) => (value.trim() === '' || /^[^:]+:.+$/.test(value.trim()) ? null : 'Write key:value') },
  });
  const submit = form.onSubmit(({ host, reference, tag }) => {
    void navigate({
      to: '/captures',
      search: { status: search.status, host: text(host.trim().toLowerCase()), reference: text(reference.trim()), tag: text(tag.trim()) },
    });
  });
  return (
    <search aria-label="Captures">
      <form className="text-filters" onSubmit={submit}>
        <TextInput size="xs" aria-label="Host" placeholder="Host, app.example.com" key={form.key('host')} {...form.getInputProps('host')} />
        <TextInput
          size="xs"
          aria-label="Reference"
          placeholder="Reference"
          key={form.key('reference')}
          {...form.getInputProps('reference')}
        />
        <TextInput
          size="xs"
          aria-label="Tag, as key:value"
          placeholder="Tag, key:value"
          key={form.key('tag')}
          {...form.getInputProps('tag')}
        />
        <Button type="submit" size="xs" variant="default" leftSection={<Search size={14} aria-hidden />}>
          Filter
        </Button>
        {isFiltered(search) && (
          <Button
            size="xs"
            variant="subtle"
            color="gray"
            className="quiet-button"
            leftSection={<X size={14} aria-hidden />}
            renderRoot={(props) => <Link to="/captures" {...props} />}
          >
            Clear
          </Button>
        )}
      </form>
    </search>
  );
}
