import { Lock } from 'lucide-react';
import { EmptyState } from '#client/components/empty-state.tsx';
import { Page } from '#client/components/page.tsx';

/** The server tells viewers nothing of webhooks: so nothing is asked. */
export function NotForViewers() {
  return (
    <Page title="Webhooks">
      <EmptyState icon={Lock} title="Not for viewers">
        Webhooks say where word of every capture goes. Ask an admin of the workspace to make you a developer.
      </EmptyState>
    </Page>
  );
}
