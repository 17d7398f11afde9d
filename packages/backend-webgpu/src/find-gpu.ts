import { loadDawn } from '#dawn';

/** The entry to WebGPU: the browser's, or Dawn's in Node. */
export async function findGpu(): Promise<GPU | undefined> {
  const native = (globalThis.navigator as Navigator | undefined)?.gpu as GPU | undefined;
  return native ?? (await loadDawn());
}
