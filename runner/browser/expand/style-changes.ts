/// <reference lib="dom" />
/** Lives in the page: changes styles of elements and remembers how they were. */
export type StyleChanges = {
  /** Sets rules of one element, as important as can be. */
  set(element: HTMLElement, rules: Record<string, string>): void;
  /** Takes everything back that was set since the last time, the last first. */
  takeBack(): void;
};

/** Makes the changes. Sent to the page as text: it uses nothing from outside itself. */
export function makeStyleChanges(): StyleChanges {
  let undo: (() => void)[] = [];
  return {
    set: (element, rules) => {
      for (const [name, value] of Object.entries(rules)) {
        const before = [element.style.getPropertyValue(name), element.style.getPropertyPriority(name)] as const;
        element.style.setProperty(name, value, 'important');
        undo.push(() => element.style.setProperty(name, ...before));
      }
    },
    takeBack: () => {
      for (const step of undo.reverse()) step();
      undo = [];
    },
  };
}
