import { useEffect, useState } from 'react';
import type { parseAllowedDomain } from '#shared/allowed-domain.ts';

type DomainRule = typeof parseAllowedDomain;

/**
 * The rule of the server for what may be listed, or null until it is there. It knows every public suffix and is larger
 * than the rest of the page, so it arrives after it; until then, and if it never does, the server judges alone.
 */
export function useDomainRule(): DomainRule | null {
  const [rule, setRule] = useState<DomainRule | null>(null);
  useEffect(() => {
    let isWanted = true;
    import('#shared/allowed-domain.ts').then(
      (module) => isWanted && setRule(() => module.parseAllowedDomain),
      () => undefined, // offline, or a newer console was deployed: the server still refuses what it must
    );
    return () => {
      isWanted = false;
    };
  }, []);
  return rule;
}
