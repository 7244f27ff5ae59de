/** Classes of SQLSTATE that say nothing of whether a transaction was done: the connection, or the server, went away. */
const UNKNOWN_OUTCOMES = /^(?:08|57|58|XX)/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * Whether PostgreSQL itself refused a statement, by its code (Appendix A of its manual): then the transaction it belonged to
 * was undone. Of one whose connection was lost nobody knows.
 */
export function isRefusedByDatabase(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return SQLSTATE.test(error.code) && !UNKNOWN_OUTCOMES.test(error.code);
}
