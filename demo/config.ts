import { parseArgs } from 'node:util';

export type DemoConfig = {
  /** Folder for the CA file and the sign-in state; it exists and belongs to the caller. */
  dataDir: string;
  /** Port on 127.0.0.1; 0 for any free one. */
  port: number;
  /** How long the data API takes to answer, in milliseconds: a page that is complete at once would prove nothing. */
  delayMs: number;
};

/** Reads the command line. Throws a sentence that names the fault. */
export function readConfig(argv: readonly string[]): DemoConfig {
  const { values } = parseArgs({
    args: [...argv],
    options: { 'data-dir': { type: 'string' }, port: { type: 'string', default: '0' }, 'delay-ms': { type: 'string', default: '450' } },
  });
  if (!values['data-dir']) throw new Error('Give --data-dir DIR, the folder for the CA file and the sign-in state.');
  return {
    dataDir: values['data-dir'],
    port: whole('--port', values.port, 65_535),
    delayMs: whole('--delay-ms', values['delay-ms'], 60_000),
  };
}

function whole(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) throw new Error(`${name} must be a whole number from 0 to ${max}.`);
  return value;
}
