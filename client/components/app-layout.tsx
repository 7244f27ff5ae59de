import { AppShell, Burger } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { Brand } from './brand.tsx';
import { LiveProvider } from './live.tsx';
import { Navigation } from './navigation.tsx';
import { useIsWide } from './use-is-wide.ts';

/** The shell of every signed-in page: skip link, navigation, and the page itself. */
export function AppLayout() {
  const [opened, menu] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isCovering = !useIsWide() && opened;
  useFocusOnNavigation(path, menu.close);
  return (
    <LiveProvider>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <AppShell
        layout="alt"
        header={{ height: { base: 52, sm: 0 } }}
        navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: !opened } }}
        padding={0}
      >
        <AppShell.Header hiddenFrom="sm" className="top-bar">
          <Burger opened={opened} onClick={menu.toggle} size="sm" aria-label={opened ? 'Close the navigation' : 'Open the navigation'} />
          <Brand />
        </AppShell.Header>
        {/* Moved out of sight is not gone: closed, its links must be out of the keyboard's way too. */}
        <AppShell.Navbar
          className="side-bar"
          data-closed={!opened || undefined}
          aria-label="Console"
          onKeyDown={(event) => {
            if (event.key === 'Escape') menu.close();
          }}
        >
          <Navigation onClose={menu.close} />
        </AppShell.Navbar>
        <AppShell.Main id="main" tabIndex={-1} inert={isCovering}>
          <Outlet />
        </AppShell.Main>
      </AppShell>
    </LiveProvider>
  );
}

/** After a step to another page the keyboard starts at its top, as after a full page load, and the menu is shut. */
function useFocusOnNavigation(path: string, closeMenu: () => void): void {
  const last = useRef(path);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    closeMenu();
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [path, closeMenu]);
}
