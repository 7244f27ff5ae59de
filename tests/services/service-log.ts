import { readFileSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const WAIT_MS_MAX = 15_000;

export type ServiceLog = {
  /** Waits until every pattern is found in what was written since the log was opened; answers that text. Throws naming those that are not there. */
  waitFor(patterns: readonly RegExp[]): Promise<string>;
};

/** Follows the log of a service from now on. Others may write into it meanwhile: patterns must name whom they mean. */
export function openServiceLog(file: string): ServiceLog {
  const { size } = statSync(file);
  const read = () => readFileSync(file).subarray(size).toString('utf8');
  return {
    waitFor: async (patterns) => {
      const end = Date.now() + WAIT_MS_MAX;
      for (;;) {
        const text = read();
        const missing = patterns.filter((pattern) => !pattern.test(text));
        if (missing.length === 0) return text;
        if (Date.now() > end) throw new Error(`not in ${file}: ${missing.join(', ')}\nit has:\n${text.slice(-4000)}`);
        await pause(100);
      }
    },
  };
}
