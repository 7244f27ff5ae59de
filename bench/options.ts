import { parseArgs } from 'node:util';

export const PARTS = ['latency', 'throughput', 'memory', 'pdf', 'boot', 'egress', 'soak'] as const;
export type Part = (typeof PARTS)[number];
/** What is measured without `--only`: everything but the soak, which takes minutes and answers another question. */
const USUAL: readonly Part[] = ['latency', 'throughput', 'memory', 'boot', 'egress'];
export type Options = {
  runs: number;
  rounds: number;
  parts: readonly Part[];
  quick: boolean;
  json: string | null;
  drivers: string[] | null;
  from: string[];
  /** The API alone: its accept path and its reading. */
  api: boolean;
};

export const HELP = `Usage: npm run bench -- [OPTIONS]

  --rounds N      captures of each page by each driver (default 5; 1 with --quick)
  --runs N        measure everything N times and judge the medians (default 1)
  --only PART     ${PARTS.join(' | ')}; repeat for more (default ${USUAL.join(', ')})
  --drivers A,B   only these drivers, SessionShot always among them
  --api           only the API: accepting and reading beside one bare INSERT and SELECT, and overload
  --quick         few captures: shows that it works, measures nothing worth quoting, writes no document
  --json FILE     every sample and every figure, written after each part
  --from FILE     measure nothing: write the document from what --json saved; repeat for several runs
`;

/** Reads the command line. Throws a sentence that names the fault. */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      runs: { type: 'string', default: '1' },
      only: { type: 'string', multiple: true, default: [] },
      drivers: { type: 'string' },
      quick: { type: 'boolean', default: false },
      api: { type: 'boolean', default: false },
      json: { type: 'string' },
      from: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const parts = values.only.map((name) => {
    const part = PARTS.find((known) => known === name);
    if (!part) throw new Error(`--only ${name}: the parts are ${PARTS.join(', ')}.`);
    return part;
  });
  return {
    runs: whole('--runs', values.runs, 20),
    rounds: whole('--rounds', values.rounds ?? (values.quick ? '1' : '5'), 100),
    parts: parts.length > 0 ? parts : USUAL,
    quick: values.quick,
    json: values.json ?? null,
    drivers: values.drivers?.split(',') ?? null,
    from: values.from,
    api: values.api,
  };
}

function whole(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) throw new Error(`${name} must be a whole number from 1 to ${max}.`);
  return value;
}
