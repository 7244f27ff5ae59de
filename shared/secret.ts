const inspect = Symbol.for('nodejs.util.inspect.custom');

/** Holds a value that must not be printed. String conversion, JSON and `console.log` all show `[secret]`. */
export type Secret<T> = {
  /** Opens the value. Each call site is a place to review; an architecture test counts them. */
  reveal(): T;
  toString(): string;
  toJSON(): string;
};

export function secret<T>(value: T): Secret<T> {
  const shown = () => '[secret]';
  return Object.freeze({ reveal: () => value, toString: shown, toJSON: shown, [inspect]: shown });
}
