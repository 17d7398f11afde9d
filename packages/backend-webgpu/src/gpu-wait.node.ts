/** Milliseconds that the event loop rests at most in one turn. */
const longestRest = 1;
/** Shorter ones take longer than asked: a timer is late by some .05 ms. */
const shortestRest = 0.1;
/** Share of the time waited so far that one rest takes: what a result comes late by. */
const restShare = 1 / 16;

const never = new Int32Array(new SharedArrayBuffer(4));
let waiting = 0;
let since = 0;
let turning = false;

/**
 * Awaits work of the GPU and leaves the processor to others meanwhile. While a promise of Dawn's is open, its Node binding asks for news in
 * every turn of the event loop, and turns follow each other without a pause: a whole core asks, which a software adapter
 * would have computed on. Here each turn rests: at first not at all, then a sixteenth of the time waited, a millisecond at most.
 */
export async function awaitGpu<T>(work: Promise<T>): Promise<T> {
  if (waiting === 0) since = performance.now();
  waiting += 1;
  if (!turning) setImmediate(rest);
  turning = true;
  try {
    return await work;
  } finally {
    waiting -= 1;
  }
}

function rest(): void {
  turning = waiting > 0;
  if (!turning) return;
  const pause = Math.min(longestRest, (performance.now() - since) * restShare);
  if (pause >= shortestRest) Atomics.wait(never, 0, 0, pause);
  setImmediate(rest);
}
