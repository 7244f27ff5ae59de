import { readProblem } from './problem.ts';

/**
 * Reads what a refusal says of the fields of a form, as a sentence for each. Null where it says something that no field of
 * this form can show: then all of it belongs into a notice.
 */
export function fieldFaults(error: unknown, fields: readonly string[]): Record<string, string> | null {
  const { errors } = readProblem(error);
  if (errors.length === 0 || !errors.every(({ path }) => fields.includes(path))) return null;
  return Object.fromEntries(errors.map(({ path, message }) => [path, sentence(message)]));
}

/** The server writes for programs too: in the middle of a list, and with names of commands in backticks. */
function sentence(message: string): string {
  const text = message.replaceAll('`', '');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
