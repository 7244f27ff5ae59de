import { Text, Title } from '@mantine/core';
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

type EmptyStateProps = { icon: LucideIcon; title: string; children: ReactNode; actions?: ReactNode; level?: 1 | 2 };

/** Says what would stand here, why it matters, and what to do first. */
export function EmptyState({ icon: Icon, title, children, actions, level = 2 }: EmptyStateProps) {
  return (
    <div className="empty-state">
      <span className="empty-icon">
        <Icon size={20} aria-hidden />
      </span>
      <Title order={level} size="h2">
        {title}
      </Title>
      <Text size="sm" c="dimmed" component="div" maw={520}>
        {children}
      </Text>
      {actions && <div className="empty-actions">{actions}</div>}
    </div>
  );
}
