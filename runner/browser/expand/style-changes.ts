/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/** Lives in the page: changes styles of elements and remembers how they were. */
export type StyleChanges = {
  /** Sets rules of one element, as important as can be. */
  set(element: HTMLElement, rules: Record<string, string>): void;
  /** Takes everything back that was set since the last time, the last first. */
  takeBack(): void;
};

/** Makes the changes. Sent to the page as text: it uses nothing from outside itself. */
export function makeStyleChanges(bare: Bare): StyleChanges {
  let undo: (() => void)[] = [];
  return {
    set: (element, rules) => {
      const { style } = bare(element);
      for (const [name, value] of Object.entries(rules)) {
        const before = [style.getPropertyValue(name), style.getPropertyPriority(name)] as const;
        style.setProperty(name, value, 'important');
        undo.push(() => style.setProperty(name, ...before));
      }
    },
    takeBack: () => {
      for (const step of undo.reverse()) step();
      undo = [];
    },
  };
}
