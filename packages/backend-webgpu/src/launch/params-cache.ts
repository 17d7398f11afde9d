import type { Param } from './shader.ts';

/** More combinations of numbers than a model of fixed picture sizes uses. */
const capacity = 4096;

/**
 * Uniform buffers by their contents. A model launches the same shapes again and again: the numbers are written once, not
 * at every launch.
 */
export class ParamsCache {
  readonly #device: GPUDevice;
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get(params: Readonly<Record<string, Param>>): GPUBuffer {
    let key = '';
    for (const name in params) {
      const { type, value } = params[name]!;
      key += type === 'u32' ? `${value},` : `${value}f,`;
    }
    const known = this.#buffers.get(key);
    if (known !== undefined) return known;
    // Commands in flight may still read the old ones: they are dropped, not destroyed.
    if (this.#buffers.size === capacity) this.#buffers.clear();
    const bytes = paramBytes(Object.values(params));
    const buffer = this.#device.createBuffer({
      size: bytes.byteLength,
      usage: GPUBufferUsage.UNIFORM,
      mappedAtCreation: true,
    });
    new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(bytes));
    buffer.unmap();
    this.#buffers.set(key, buffer);
    return buffer;
  }
}

/** The layout of a WGSL struct of scalars: four bytes each. */
export function paramBytes(params: readonly Param[]): ArrayBuffer {
  const bytes = new ArrayBuffer(4 * params.length);
  const view = new DataView(bytes);
  params.forEach(({ type, value }, i) => {
    if (type === 'u32') view.setUint32(4 * i, value, true);
    else view.setFloat32(4 * i, value, true);
  });
  return bytes;
}
