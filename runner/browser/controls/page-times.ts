/// <reference lib="dom" />
/**
 * Makes the lesser clocks of a page go by `performance.now` and `Date.now`, which the page's clock replaces: times of
 * events, `document.timeline`, `performance.timing` and `toJSON`, and the date of a file that a script makes. The time of an
 * event is that of the first look at it. Runs in the page: uses nothing from outside itself.
 */
export function installTimes(options: { time: number }): void {
  const { apply, construct } = Reflect;
  const getterOf = (prototype: object, name: string) => Object.getOwnPropertyDescriptor(prototype, name)?.get;
  const redefine = (prototype: object, name: string, get: (this: object) => unknown) =>
    Object.defineProperty(prototype, name, { configurable: true, enumerable: true, get });

  const times = new WeakMap<object, number>();
  const stamp = getterOf(Event.prototype, 'timeStamp');
  if (stamp)
    redefine(Event.prototype, 'timeStamp', function () {
      apply(stamp, this, []); // Throws where this is no event.
      const time = times.get(this) ?? performance.now();
      times.set(this, time);
      return time;
    });
  const current = getterOf(AnimationTimeline.prototype, 'currentTime');
  if (current)
    redefine(AnimationTimeline.prototype, 'currentTime', function () {
      const real: unknown = apply(current, this, []);
      // Timelines of scrolling go by the page, not by time.
      return this === document.timeline && typeof real === 'number' ? performance.now() : real;
    });

  const names = Object.entries(Object.getOwnPropertyDescriptors(PerformanceTiming.prototype)).flatMap(([name, { get }]) =>
    get ? [{ name, get }] : [],
  );
  for (const { name, get } of names)
    redefine(PerformanceTiming.prototype, name, function () {
      return apply(get, this, []) === 0 ? 0 : options.time; // 0 means that it has not come yet.
    });
  PerformanceTiming.prototype.toJSON = function () {
    return Object.fromEntries(names.map(({ name }) => [name, Reflect.get(this, name)]));
  };
  const toJson = Performance.prototype.toJSON;
  Performance.prototype.toJSON = function () {
    return { ...apply(toJson, this, []), timeOrigin: this.timeOrigin, timing: this.timing.toJSON() };
  };

  const RealFile = File;
  const DatedFile: typeof File = new Proxy(RealFile, {
    construct: (target, [parts, name, given, ...rest], self) =>
      construct(
        target,
        [parts, name, { ...given, lastModified: given?.lastModified ?? Date.now() }, ...rest],
        self === DatedFile ? target : self,
      ),
  });
  RealFile.prototype.constructor = DatedFile;
  window.File = DatedFile;
}
