import { LIMITS } from '#shared/limits.ts';

const HOUR_MS = 3_600_000;
/** Azure gives at most seven days; shorter means that revoking the identity's rights ends all links sooner. */
const KEY_LIFE_MS = 6 * HOUR_MS;
/** No upload grant and no link lives longer, so a key that is this fresh covers whatever is signed with it. */
const COVER_MS = 2 * HOUR_MS;

export type DelegationKeys<K> = {
  /** A key that is valid until `instant` at least. Asks the storage only when the one at hand is too old. */
  covering(instant: Date): Promise<K>;
};

/** Keeps a user-delegation key and renews it before its end; callers at the same moment share one request. */
export function createDelegationKeys<K extends { signedExpiresOn: Date }>(
  request: (startsOn: Date, expiresOn: Date) => Promise<K>,
  now: () => number = Date.now,
): DelegationKeys<K> {
  let kept: { key: K; endsAt: number } | undefined;
  let asking: Promise<K> | undefined;

  const ask = async () => {
    const endsAt = now() + KEY_LIFE_MS;
    const key = await request(new Date(now() - LIMITS.linkSkewMs), new Date(endsAt));
    kept = { key, endsAt: key.signedExpiresOn.getTime() };
    return key;
  };
  return {
    async covering(instant) {
      const needed = Math.max(instant.getTime(), now() + COVER_MS);
      if (kept && kept.endsAt >= needed) return kept.key;
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return await asking;
    },
  };
}
