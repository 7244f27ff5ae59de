// First, so that a one-time token leaves the address before anything else reads it.
import './link-token.ts';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { router } from './routes.tsx';
import { cssVariables, theme } from './theme.ts';
import { onSignedOut, queryClient } from './trpc.ts';
import './mantine.css';
import './styles/index.css';

// Strict content security policy: style elements that libraries add at run time must carry the page's nonce. The
// global is where the scroll lock of dialogs looks for it (package get-nonce).
const nonce = document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? '';
Object.assign(globalThis, { __webpack_nonce__: nonce });

const colorSchemes = localStorageColorSchemeManager({ key: 'sessionshot-color-scheme' });

let isLeaving = false;
onSignedOut(() => {
  // Every query of the page may be refused at the same moment: one way out is enough, and what was read is dropped only
  // when nothing on the screen asks for it any more, or each answer would set off the next question.
  if (isLeaving) return;
  isLeaving = true;
  const { href, pathname } = router.state.location;
  void router.navigate({ to: '/sign-in', search: { next: pathname === '/sign-in' ? undefined : href } }).finally(() => {
    isLeaving = false;
    queryClient.clear();
  });
});

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element #root');
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      colorSchemeManager={colorSchemes}
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
