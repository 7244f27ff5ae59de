/** The numbers behind the dashboard. Always the same, so that two captures differ in nothing but the user's name. */
export type Account = {
  id: string;
  name: string;
  plan: string;
  seats: number;
  revenue: number;
  change: number;
  health: 'healthy' | 'watch' | 'at risk';
  renews: string;
};

const PREFIX = ['Alder', 'Basalt', 'Cinder', 'Delta', 'Ember', 'Fathom', 'Glacier', 'Harbor', 'Indigo', 'Juniper', 'Kestrel', 'Lumen'];
const SUFFIX = ['Logistics', 'Health', 'Robotics', 'Foods', 'Mobility', 'Studios'];
const PLANS = ['Starter', 'Team', 'Business', 'Enterprise'];
const SEAT_PRICE = [9, 14, 22, 31];
export const ACCOUNTS = 72;

/** Everything the dashboard shows, revenue in whole dollars a month. */
export function buildReport() {
  const random = sequence(20_261);
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => makeAccount(index, random)).sort((a, b) => b.revenue - a.revenue);
  const total = accounts.reduce((sum, account) => sum + account.revenue, 0);
  return {
    figures: [
      { label: 'Monthly revenue', value: `$${total.toLocaleString('en-US')}`, change: 8.4, trend: trend(random, 0.6) },
      { label: 'Active accounts', value: String(accounts.length), change: 4.1, trend: trend(random, 0.4) },
      { label: 'Net retention', value: '112.6%', change: 1.9, trend: trend(random, 0.2) },
      { label: 'Churn', value: '0.82%', change: -0.3, trend: trend(random, -0.4) },
    ],
    months: ['Dec', 'Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov'],
    thisYear: series(random, 82, 4.4),
    lastYear: series(random, 66, 2.1),
    plans: PLANS.map((name) => ({
      name,
      revenue: accounts.filter((account) => account.plan === name).reduce((sum, account) => sum + account.revenue, 0),
    })),
    accounts,
  };
}

function makeAccount(index: number, random: () => number): Account {
  const plan = Math.min(3, Math.floor(random() * 4));
  const seats = Math.round(6 + random() ** 2 * 420);
  const change = Math.round((random() * 26 - 8) * 10) / 10;
  const month = 1 + Math.floor(random() * 12);
  const day = 1 + Math.floor(random() * 28);
  return {
    id: `AC-${String(1040 + index * 7)}`,
    name: `${PREFIX[index % PREFIX.length]} ${SUFFIX[Math.floor(index / PREFIX.length) % SUFFIX.length]}`,
    plan: PLANS[plan] ?? '',
    seats,
    revenue: seats * (SEAT_PRICE[plan] ?? 0),
    change,
    health: change < -4 ? 'at risk' : change < 1 ? 'watch' : 'healthy',
    renews: `2027-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`,
  };
}

function series(random: () => number, start: number, step: number): number[] {
  return Array.from({ length: 12 }, (_, month) => Math.round(start + month * step + (random() - 0.5) * 7));
}

function trend(random: () => number, slope: number): number[] {
  return Array.from({ length: 16 }, (_, point) => Math.round((10 + point * slope + random() * 4) * 10) / 10);
}

/** A small deterministic generator (mulberry32): the same seed gives the same numbers in [0, 1). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
