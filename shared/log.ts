/**
 * A structured logger on the allow-list principle: only the named fields below can be logged, so that a stray object
 * never takes a secret along. Lines go to stderr as JSON; stdout belongs to data.
 */
export type LogFields = {
  requestId?: string;
  captureId?: string;
  jobId?: string;
  runnerId?: string;
  workspaceId?: string;
  keyId?: string;
  network?: string;
  attempt?: number;
  code?: string;
  status?: number;
  method?: string;
  route?: string;
  host?: string;
  port?: number;
  ms?: number;
  count?: number;
  step?: string;
  state?: string;
  pid?: number;
  path?: string;
  reason?: string;
  error?: unknown;
};
export type Log = Record<'debug' | 'info' | 'warn' | 'error', (message: string, fields?: LogFields) => void>;
export type LogLevel = keyof Log;

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };
const FIELDS = new Set([
  'requestId',
  'captureId',
  'jobId',
  'runnerId',
  'workspaceId',
  'keyId',
  'network',
  'attempt',
  'code',
  'status',
  'method',
  'route',
  'host',
  'port',
  'ms',
  'count',
  'step',
  'state',
  'pid',
  'path',
  'reason',
]);
// A line of JSON writes a line break as `\n`, whose letter stands before the word and would hide where that begins.
const BEGIN = String.raw`(?:\b|(?<=\\[nrt]))`;
const word = (source: string, flags: string) => new RegExp(BEGIN + source, flags);
const SECRETS = [
  word(String.raw`ss_(live|test|run)_[0-9A-Za-z]+`, 'g'),
  word(String.raw`whsec_[\w+/=-]+`, 'g'),
  /([?&](?:sig|token|code|key|access_token)=)[^&\s"]+/gi,
  word(String.raw`AccountKey=[^;\s"]+`, 'gi'),
  word(String.raw`Basic\s+(?=\S*[A-Z0-9=])[\w+/=]{8,}`, 'g'),
  word(String.raw`Bearer\s+[\w.~+/=-]+`, 'gi'),
  word(String.raw`eyJ[\w-]+\.[\w-]*\.[\w-]+(?:\.[\w-]*\.[\w-]+)?`, 'g'),
  /\/\/[^/@\s]+:[^/@\s]+@/g,
  // To the end of its line: a value may be quoted, and a quote inside a line of JSON stands behind a backslash.
  word(String.raw`(?:Set-)?Cookie(?:\\+"|')?:[ \t]*(?:[^\r\n"\\]|\\[^rn])+`, 'gi'),
];

export function createLog(
  part: string,
  level: LogLevel = 'info',
  write: (line: string) => void = (line) => process.stderr.write(line),
): Log {
  const at =
    (wanted: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (RANK[wanted] < RANK[level]) return;
      const kept = Object.fromEntries(Object.entries(fields).filter(([key, value]) => FIELDS.has(key) && value !== undefined));
      const line = {
        time: new Date().toISOString(),
        level: wanted,
        part,
        message,
        ...kept,
        ...(fields.error === undefined ? {} : { error: describeError(fields.error) }),
      };
      write(`${scrub(JSON.stringify(line))}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Replaces everything that looks like one of our tokens, a signature, a bearer token, a cookie or a JWT: the last line of defence. */
export function scrub(text: string): string {
  return SECRETS.reduce(
    (out, pattern) =>
      out.replace(pattern, (_all, lead: unknown) => `${typeof lead === 'string' && /^[?&]/.test(lead) ? lead : ''}[secret]`),
    text,
  );
}

/** Reduces a thrown thing to its name, its first line and the place it came from. */
export function describeError(error: unknown): { name: string; message: string; at?: string } {
  if (!(error instanceof Error)) return { name: 'NonError', message: String(error).split('\n')[0] ?? '' };
  const at = error.stack
    ?.split('\n')
    .find((line) => line.trim().startsWith('at '))
    ?.trim();
  return { name: error.name, message: error.message.split('\n')[0] ?? '', ...(at ? { at } : {}) };
}
