import { parse } from 'yaml';
import { z } from 'zod';

/** What a runner behind the second wall may have besides what every runner has. `NET_ADMIN` and `SETPCAP` end before it begins. */
export const RIGHTS = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_ADMIN', 'SETGID', 'SETPCAP', 'SETUID'] as const;
const runnerSchema = z.strictObject({
  user: z.literal('0:0'),
  cap_add: z.array(z.enum(RIGHTS)).length(RIGHTS.length),
  command: z.tuple([z.literal('sh'), z.literal('infra/run-behind-wall.sh'), z.literal('node'), z.literal('runner/main.ts')]),
  environment: z.strictObject({ SESSIONSHOT_PROXY_PORTS: z.string().regex(/^\d+-\d+$/) }),
});
const fileSchema = z.looseObject({ services: z.strictObject({ 'runner-1': runnerSchema, 'runner-2': runnerSchema }) });

/** Holds the file that puts runners behind the second wall to what it is for: it loosens nothing else of the compose file. */
export function checkWallFile(text: string): string[] {
  const { success, error } = fileSchema.safeParse(parse(text, { merge: true }));
  return success ? [] : error.issues.map(({ path, message }) => `wall: ${path.join('.')}: ${message}`);
}
