import type { IEntity } from 'third-party-web';

type HostMatch = (host: string) => boolean;
export type HostLists = { ads: HostMatch; cookieBanners: HostMatch };

let loaded: Promise<HostLists> | null = null;

/**
 * Loads, once in a process and only when a capture asks, the hosts of advertising networks and of consent banners that
 * `third-party-web` knows. Each answer takes one look into a set for each label of the host.
 */
export function loadHostLists(): Promise<HostLists> {
  loaded ??= import('third-party-web/nostats-subset').then(({ entities }) => ({
    ads: matcherOf(entities, 'ad'),
    cookieBanners: matcherOf(entities, 'consent-provider'),
  }));
  return loaded;
}

function matcherOf(entities: readonly Pick<IEntity, 'category' | 'domains'>[], category: string): HostMatch {
  const exact = new Set<string>();
  const suffixes = new Set<string>();
  for (const domain of entities.filter((entity) => entity.category === category).flatMap((entity) => entity.domains)) {
    exact.add(domain.replace(/^\*\./, ''));
    if (domain.startsWith('*.')) suffixes.add(domain.slice(2));
  }
  return (host) => {
    if (exact.has(host)) return true;
    const labels = host.split('.');
    return labels.some((_label, index) => index > 0 && suffixes.has(labels.slice(index).join('.')));
  };
}
