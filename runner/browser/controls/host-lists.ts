import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { z } from 'zod';

type HostMatch = (host: string) => boolean;
export type HostLists = { ads: HostMatch; cookieBanners: HostMatch };

let loaded: Promise<HostLists> | null = null;

/**
 * Loads, once in a process and only when a capture asks, the hosts of advertising networks and of consent banners that
 * `third-party-web` knows. Each answer takes one look into a set for each label of the host.
 */
export function loadHostLists(): Promise<HostLists> {
  loaded ??= readEntities().then((entities) => ({
    ads: matcherOf(entities, 'ad'),
    cookieBanners: matcherOf(entities, 'consent-provider'),
  }));
  return loaded;
}

const entitiesSchema = z.array(z.object({ category: z.string(), domains: z.array(z.string()) }));

/** Read as data: the package is CommonJS whose names Node cannot see from here. */
async function readEntities(): Promise<z.infer<typeof entitiesSchema>> {
  const file = createRequire(import.meta.url).resolve('third-party-web/dist/entities-nostats.json');
  return entitiesSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

function matcherOf(entities: z.infer<typeof entitiesSchema>, category: string): HostMatch {
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
