import { TextInput, type TextInputProps } from '@mantine/core';

/** A field for the code of an authenticator app. Phones and password managers fill it in; letters are for recovery codes. */
export function CodeField(props: TextInputProps) {
  return (
    <TextInput autoComplete="one-time-code" autoCapitalize="none" spellCheck={false} maxLength={100} className="code-field" {...props} />
  );
}

/** The fault of a code that is about to be sent, or null. */
export function codeFault(code: string): string | null {
  return code.trim() === '' ? 'Give the code.' : null;
}
