/**
 * `rounds`: as often what grew is followed, whatever it grew by; then as long as it grows by `grownPxMin` CSS pixels or more in each
 * round, for `part` of the time for readiness and `roundsMax` rounds.
 */
const FOLLOW = { rounds: 3, roundsMax: 40, grownPxMin: 100, part: 0.5 } as const;

/**
 * Decides after each round of scrolling in which something grew whether it is followed once more. A list that gives its next page
 * to whoever reaches its end is followed to its last; a log that writes a line now and then is not (`still`); and a feed has no
 * end, of which nobody knows how much there is: what it has by then is a part (`cut`). What is pictured in part anyway is not worth the time.
 */
export function followGrowth({ until, isWhole }: { until: number; isWhole: boolean }): (grownPx: number) => 'on' | 'still' | 'cut' {
  const followUntil = Date.now() + (until - Date.now()) * FOLLOW.part;
  let rounds = 0;
  return (grownPx) => {
    rounds += 1;
    if (rounds < FOLLOW.rounds) return 'on';
    if (!isWhole || grownPx < FOLLOW.grownPxMin) return 'still';
    return rounds < FOLLOW.roundsMax && Date.now() < followUntil ? 'on' : 'cut';
  };
}
