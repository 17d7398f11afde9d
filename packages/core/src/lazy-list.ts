/** A list whose entries are made when they are first looked at, and then kept. */
export function lazyList<T>(length: number, make: (index: number) => T): readonly T[] {
  const list = new Array<T>(length);
  for (let i = 0; i < length; i++) {
    Object.defineProperty(list, i, {
      configurable: true,
      enumerable: true,
      get() {
        const value = make(i);
        Object.defineProperty(list, i, { value, enumerable: true });
        return value;
      },
    });
  }
  return list;
}
