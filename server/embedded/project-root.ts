import { join } from 'node:path';

/** The folder of the clone: where the other rooms' programs lie. They are started from here, never imported. */
export const PROJECT_ROOT = join(import.meta.dirname, '..', '..');
