/** The outcome was another than it must be. */
export class DrillFailed extends Error {
  override name = 'DrillFailed';
}

export function must(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new DrillFailed(otherwise);
}

/** Asks again and again until the answer is true; fails by `what` after `ms`. Answers how long it took, in milliseconds. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean, ms: number): Promise<number> {
  const from = Date.now();
  while (!(await isSo())) {
    must(Date.now() - from < ms, `${what}: not within ${ms / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return Date.now() - from;
}
