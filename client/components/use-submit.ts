import type { UseFormReturnType } from '@mantine/form';
import { useRef } from 'react';

/**
 * Makes the submit handler of a form: a valid form is handed on, an invalid one puts the focus into its first faulty
 * field, as browsers do for their own checks. Fields are not judged when they are left: the message would move the
 * button away under a pointer that is about to release it, and the click would be lost.
 */
export function useSubmit<Values extends Record<string, unknown>>(form: UseFormReturnType<Values>, send: (values: Values) => void) {
  const ref = useRef<HTMLFormElement>(null);
  const onSubmit = form.onSubmit(send, () => {
    // The fields are marked after the next paint.
    requestAnimationFrame(() => ref.current?.querySelector<HTMLElement>('input[aria-invalid="true"], [data-invalid-group] input')?.focus());
  });
  return { ref, onSubmit, noValidate: true };
}
