/** Calls `make(0)`, `make(1)`, … at most `ahead` results before they are asked for, and yields them in order. */
export async function* prefetch<T>(
  count: number,
  ahead: number,
  make: (step: number) => Promise<T>,
): AsyncGenerator<T, void, undefined> {
  const waiting: Promise<T>[] = [];
  let next = 0;
  const refill = (): void => {
    while (next < count && waiting.length < Math.max(1, ahead + 1)) {
      const result = make(next++);
      // A failure is thrown when its turn comes; until then it must not count as unhandled.
      result.catch(() => undefined);
      waiting.push(result);
    }
  };
  for (refill(); waiting.length > 0; refill()) yield await waiting.shift()!;
}
