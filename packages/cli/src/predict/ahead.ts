/** Does `work` for up to `depth` items before they are asked for, in order: decoding goes on while the model computes. */
export async function* ahead<T, U>(
  items: AsyncIterable<T>,
  depth: number,
  work: (item: T) => Promise<U>,
): AsyncGenerator<U, void, undefined> {
  const queue: Promise<U>[] = [];
  for await (const item of items) {
    const promise = work(item);
    promise.catch(() => undefined); // seen when its turn comes
    queue.push(promise);
    if (queue.length > depth) yield await queue.shift()!;
  }
  while (queue.length > 0) yield await queue.shift()!;
}
