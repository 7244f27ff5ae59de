import { Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

type PageProps = {
  title: string;
  heading?: ReactNode;
  documentTitle?: string;
  description?: ReactNode;
  actions?: ReactNode;
  above?: ReactNode;
  children: ReactNode;
};

/** The frame of a page: its document title, one main heading, what can be done here, and the content. */
export function Page({ title, heading = title, documentTitle = title, description, actions, above, children }: PageProps) {
  useDocumentTitle(`${documentTitle} · SessionShot`);
  return (
    <div className="page">
      <header className="page-header">
        <div className="page-heading">
          {above}
          <Title order={1}>{heading}</Title>
          {description && (
            <Text size="sm" c="dimmed" component="div" className="page-description">
              {description}
            </Text>
          )}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

type PanelProps = { title: string; aside?: ReactNode; children: ReactNode; flush?: boolean; id?: string };

/** A titled box on a page. `flush`: the content reaches the box's edges, as a table does. */
export function Panel({ title, aside, children, flush = false, id }: PanelProps) {
  return (
    <section className="panel" aria-label={title} id={id}>
      <div className="panel-header">
        <Title order={2}>{title}</Title>
        {aside}
      </div>
      <div className={flush ? undefined : 'panel-body'}>{children}</div>
    </section>
  );
}
