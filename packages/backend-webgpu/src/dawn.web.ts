/** Outside Node there is no library to load: a page has `navigator.gpu` or it has no WebGPU. */
export async function loadDawn(): Promise<GPU | undefined> {
  return undefined;
}

/** A page is told when the GPU is done; nothing asks. */
export function awaitGpu<T>(work: Promise<T>): Promise<T> {
  return work;
}
