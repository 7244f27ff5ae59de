import { captureRequestSchema } from '#shared/capture-request.ts';

/** A smallest request that uses each field which some version of the contract has and this one may not. */
const PROBES: Readonly<Record<string, Record<string, unknown>>> = {
  'block.resourceTypes': { block: { resourceTypes: ['image'] } },
  'auth.httpCredentials.origin': { auth: { httpCredentials: { username: 'a', password: 'b', origin: 'https://app.example.com' } } },
  'output.selectors': { output: { format: 'png', selectors: ['#a', '#b'] } },
  'output.padding': { output: { format: 'png', selector: '#a', padding: 10 } },
  'output.caret': { output: { format: 'png', caret: 'initial' } },
  'output.maskColor': { output: { format: 'png', mask: ['#a'], maskColor: '#00ff00' } },
  'pdf.singlePage': { output: { format: 'pdf', pdf: { singlePage: true } } },
};

/** Tells whether the contract of this version takes a field. Throws on a name that no probe knows. */
export function isBuilt(need: string): boolean {
  const probe = PROBES[need];
  if (!probe) throw new Error(`no probe for the field ${need}: add one to needs.ts`);
  return captureRequestSchema.safeParse({ url: 'https://app.example.com/', output: { format: 'png' }, ...probe }).success;
}
