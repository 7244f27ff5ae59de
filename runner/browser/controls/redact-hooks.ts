/// <reference lib="dom" />
import { randomUUID } from 'node:crypto';

/** Names of the events by which the page's own world tells ours of what no node shows; random for each capture. */
export type RedactEvents = { value: string; shadow: string };

export function makeRedactEvents(): RedactEvents {
  return { value: `v${randomUUID()}`, shadow: `s${randomUUID()}` };
}

/**
 * The part of redaction that must stand among the page's own scripts, because nothing else sees what it sees: a value set
 * by a script changes no node, and a closed shadow tree is hidden from everybody. It is installed only for captures that
 * redact. The events carry nothing; their names are random.
 */
export function installRedactHooks(events: RedactEvents): void {
  const tell = EventTarget.prototype.dispatchEvent;
  const NewEvent = Event;
  const hook = (prototype: HTMLInputElement | HTMLTextAreaElement) => {
    for (const name of ['value', 'valueAsNumber', 'checked']) {
      const own = Object.getOwnPropertyDescriptor(prototype, name);
      const write = own?.set;
      if (!own || !write) continue;
      const set = function set(this: Element, value: unknown): void {
        write.call(this, value);
        tell.call(this, new NewEvent(events.value, { bubbles: true, composed: true }));
      };
      Object.defineProperty(prototype, name, { ...own, set });
    }
  };
  hook(HTMLInputElement.prototype);
  hook(HTMLTextAreaElement.prototype);
  // They reach the structure of a PDF and are on no node: they are kept for the page alone.
  for (const name of Object.getOwnPropertyNames(ElementInternals.prototype)) {
    const own = Object.getOwnPropertyDescriptor(ElementInternals.prototype, name);
    if (
      !/^aria(Label|Description|ValueText|RoleDescription|Placeholder|BrailleLabel|BrailleRoleDescription|KeyShortcuts)$/.test(name) ||
      !own
    )
      continue;
    const kept = new WeakMap<ElementInternals, unknown>();
    const get = function get(this: ElementInternals): unknown {
      return kept.get(this) ?? null;
    };
    const set = function set(this: ElementInternals, value: unknown): void {
      kept.set(this, value);
    };
    Object.defineProperty(ElementInternals.prototype, name, { ...own, get, set });
  }
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function attachShadow(init: ShadowRootInit): ShadowRoot {
    // Closed to nobody but us is not on offer: what cannot be reached cannot be redacted.
    const root = attach.call(this, { ...init, mode: 'open' });
    tell.call(this, new NewEvent(events.shadow, { bubbles: true, composed: true }));
    return root;
  };
}
