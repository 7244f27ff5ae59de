import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { useId } from 'react';

/** A password field whose hint and fault are also told to screen readers, which the library's own leaves out. */
export function PasswordField(props: PasswordInputProps) {
  const id = useId();
  const { description, error } = props;
  const describedBy = [description && `${id}-description`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <PasswordInput
      {...props}
      id={id}
      aria-invalid={error ? true : undefined}
      aria-describedby={describedBy || undefined}
      visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password', tabIndex: 0 }}
    />
  );
}
