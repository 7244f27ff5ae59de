import type { UseFormReturnType } from '@mantine/form';
import { type RefObject, useEffect, useRef } from 'react';
import { fieldFaults } from '../field-faults.ts';

/**
 * Makes the submit handler of a form: a valid form is handed on, an invalid one puts the focus into its first faulty
 * field, as browsers do for their own checks. Fields are not judged when they are left: the message would move the
 * button away under a pointer that is about to release it, and the click would be lost.
 */
export function useSubmit<Values extends Record<string, unknown>>(form: UseFormReturnType<Values>, send: (values: Values) => void) {
  const ref = useRef<HTMLFormElement>(null);
  // The fields are marked after the next paint.
  const onSubmit = form.onSubmit(send, () => requestAnimationFrame(() => focusFault(ref.current)));
  return { ref, onSubmit, noValidate: true };
}

/**
 * Puts what the server says of fields of a form to these fields, and the focus into the first of them. Answers the error where
 * there is more to say than fields can show, for an `ErrorNotice`; else null.
 */
export function useRefusal<Values extends Record<string, unknown>>(
  form: UseFormReturnType<Values>,
  { ref }: { ref: RefObject<HTMLFormElement | null> },
  error: unknown,
): unknown {
  const faults = error ? fieldFaults(error, Object.keys(form.getValues())) : null;
  const isToFocus = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each refusal, since a fault goes away when its field is changed.
  useEffect(() => {
    if (!faults) return;
    isToFocus.current = true;
    form.setErrors(faults);
  }, [error]);
  useEffect(() => {
    // Only when the faults are on the page: the fields that have one are found by it.
    if (!isToFocus.current || Object.keys(form.errors).length === 0) return;
    isToFocus.current = false;
    focusFault(ref.current);
  }, [form.errors, ref]);
  return faults ? null : error;
}

function focusFault(form: HTMLFormElement | null): void {
  form?.querySelector<HTMLElement>('input[aria-invalid="true"], [data-invalid-group] input')?.focus();
}
