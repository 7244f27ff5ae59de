import { ActionIcon, useMantineColorScheme } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { readProblem } from '../problem.ts';
import { queryClient, trpc } from '../trpc.ts';

type Me = { user: { name: string; email: string | null } } | undefined;

/** Who is signed in, the colour scheme, and the way out. */
export function AccountBar({ me }: { me: Me }) {
  const navigate = useNavigate();
  const signOut = useMutation(
    trpc.auth.signOut.mutationOptions({
      onSuccess: async () => {
        await navigate({ to: '/sign-in' });
        queryClient.clear();
      },
      onError: (error) => notifications.show({ color: 'red', title: 'You are still signed in', message: readProblem(error).detail }),
    }),
  );
  return (
    <div className="account-bar">
      <Link to="/account" className="account-link">
        <span className="account-name">{me?.user.name ?? '\u00a0'}</span>
        <span className="account-note">{me?.user.email ?? 'Account'}</span>
      </Link>
      <ColorSchemeButton />
      <ActionIcon
        variant="subtle"
        color="gray"
        className="quiet-icon"
        size={30}
        title="Sign out"
        aria-label="Sign out"
        onClick={() => signOut.mutate()}
        loading={signOut.isPending}
      >
        <LogOut size={16} aria-hidden />
      </ActionIcon>
    </div>
  );
}

const schemes = {
  auto: { Icon: Monitor, says: 'as the system', next: 'light' },
  light: { Icon: Sun, says: 'light', next: 'dark' },
  dark: { Icon: Moon, says: 'dark', next: 'auto' },
} as const;

/** Steps through the colour schemes: as the system, light, dark. */
export function ColorSchemeButton() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { Icon, says, next } = schemes[colorScheme];
  const label = `Colors: ${says}. Switch to ${schemes[next].says}`;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      className="quiet-icon"
      size={30}
      title={label}
      aria-label={label}
      onClick={() => setColorScheme(next)}
    >
      <Icon size={16} aria-hidden />
    </ActionIcon>
  );
}
