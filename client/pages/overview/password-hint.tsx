import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { KeyRound } from 'lucide-react';

/** Says to somebody who came by a one-time link how to come again without one. */
export function PasswordHint() {
  return (
    <p className="note-line">
      <KeyRound size={16} aria-hidden />
      <span>
        You signed in with a one-time link.{' '}
        <Anchor size="sm" renderRoot={(props) => <Link to="/account" {...props} />}>
          Set a password
        </Anchor>{' '}
        to sign in from anywhere without the terminal.
      </span>
    </p>
  );
}
