import { InvalidArgumentError } from 'commander';
import { kidSchema } from '#shared/pool-keys.ts';

/** Reads the id of a pool key from the command line. */
export function parseKid(text: string): string {
  if (kidSchema.safeParse(text).success) return text;
  throw new InvalidArgumentError('Give the id of a key as `sessionshot runner keys list` shows it.');
}
