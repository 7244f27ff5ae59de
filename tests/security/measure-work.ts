/**
 * How much an input makes the server work. The server runs in the process of the test, so the CPU time of the process is
 * what it took, with what sending and judging took beside it: a machine that is busy with something else adds next to nothing.
 * It is compared with the median of the same run and never with a clock, and what is over is tried again: an input
 * that is dear is dear each time, a collection of garbage is not.
 */
export type Work = {
  /** Runs one input. What overlaps with another is run and not counted. */
  measure<T>(what: string, run: () => Promise<T>): Promise<T>;
  /** Inputs that took more than `WORK_RATIO_MAX` medians, each time; writes the dearest one to stderr. */
  findDear(suite: string): Promise<string[]>;
};

/** How many times the median an input may cost. The dearest that are known, of nearly a megabyte, cost some fifty on a busy machine. */
export const WORK_RATIO_MAX = 150;
const TRIES_MAX = 5;
/** The dearest are tried again in any case: the first of a run are dear because the process is cold. */
const AGAIN = 8;
/** Too few inputs have no median worth the name. */
const INPUTS_MIN = 20;
const SHOWN_MAX = 120;

export function createWork(): Work {
  const costs: { what: string; ms: number; again: () => Promise<unknown> }[] = [];
  let [running, started] = [0, 0];

  const cpuOf = async <T>(run: () => Promise<T>): Promise<{ result: T; ms: number; isAlone: boolean }> => {
    const isFirst = running === 0;
    running += 1;
    started += 1;
    const turn = started;
    const before = process.cpuUsage();
    try {
      const result = await run();
      const { user, system } = process.cpuUsage(before);
      return { result, ms: (user + system) / 1000, isAlone: isFirst && turn === started };
    } finally {
      running -= 1;
    }
  };
  return {
    measure: async (what, run) => {
      const { result, ms, isAlone } = await cpuOf(run);
      if (isAlone) costs.push({ what: what.slice(0, SHOWN_MAX), ms, again: run });
      return result;
    },
    findDear: async (suite) => {
      if (costs.length < INPUTS_MIN) throw new Error(`only ${costs.length} inputs were measured`);
      const median = costs.map(({ ms }) => ms).toSorted((a, b) => a - b)[Math.floor(costs.length / 2)] ?? 0;
      for (const cost of costs.toSorted((a, b) => b.ms - a.ms).slice(0, AGAIN)) cost.ms = Math.min(cost.ms, (await cpuOf(cost.again)).ms);
      for (const cost of costs)
        for (let tries = 1; tries < TRIES_MAX && cost.ms > WORK_RATIO_MAX * median; tries++)
          cost.ms = Math.min(cost.ms, (await cpuOf(cost.again)).ms);
      const [dearest] = costs.toSorted((a, b) => b.ms - a.ms);
      process.stderr.write(
        `${suite}: ${costs.length} inputs, the dearest ${dearest?.ms.toFixed(1)} ms of CPU, ${((dearest?.ms ?? 0) / median).toFixed(1)} medians of ${median.toFixed(1)} ms: ${dearest?.what}\n`,
      );
      return costs.filter(({ ms }) => ms > WORK_RATIO_MAX * median).map(({ what, ms }) => `${what}: ${(ms / median).toFixed(0)} medians`);
    },
  };
}
