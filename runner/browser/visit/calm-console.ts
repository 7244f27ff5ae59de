/// <reference lib="dom" />
/**
 * Lets a document write its first messages to the console and drops the rest: each one passes through the runner, and a
 * page that writes thousands a second would take the time of the captures beside it. Runs in the page, before its scripts.
 */
export function calmConsole(): void {
  const MESSAGES_MAX = 200;
  const { apply } = Reflect; // The page may have taken `Reflect` away by the time it writes.
  let left = MESSAGES_MAX;
  for (const name of Object.keys(console)) {
    const method: unknown = Reflect.get(console, name);
    if (typeof method !== 'function') continue;
    // A proxy still prints itself as native code: some pages look.
    const calm = new Proxy(method, {
      apply: (target, self, args) => (left-- > 0 ? apply(target, self, args) : undefined),
    });
    Reflect.set(console, name, calm);
  }
}
