import { Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { ColorSchemeButton } from './account-bar.tsx';
import { Brand } from './brand.tsx';

/** The frame of the pages before the console: a card in the middle, with the product's name above it. */
export function Entry({ title, note, children }: { title: string; note: ReactNode; children: ReactNode }) {
  useDocumentTitle(`${title} · SessionShot`);
  return (
    <div className="entry">
      <main className="entry-card">
        <div className="entry-brand">
          <Brand />
          <ColorSchemeButton />
        </div>
        <Title order={1}>{title}</Title>
        <div className="entry-note">{note}</div>
        {children}
      </main>
    </div>
  );
}
