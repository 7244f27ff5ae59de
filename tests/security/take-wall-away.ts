import { registerHooks } from 'node:module';
import { z } from 'zod';

// Loaded before a runner's own program (`node --import`): takes one wall out of its source, by exact text, as it is read.
// A text that is not there once ends the program, so that a wall which was moved is not taken for one that was missed.
const { file, text, instead } = z
  .object({ file: z.string(), text: z.string(), instead: z.string() })
  .parse(JSON.parse(process.env.WALL_TAKEN_AWAY ?? ''));

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(`/${file}`)) return loaded;
    const parts = (typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)).split(text);
    if (parts.length !== 2) throw new Error(`\`${text}\` stands ${parts.length - 1} times in ${file}`);
    process.stderr.write(`taken away: ${text}\n`);
    return { ...loaded, source: parts.join(instead) };
  },
});
