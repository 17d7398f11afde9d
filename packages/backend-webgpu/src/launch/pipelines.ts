import { type ShaderParts, shaderSource } from './shader.ts';

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Compiled kernels of one device, by the key that names their code. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #ready = new Map<string, Pipeline>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #compiling = new Map<string, Promise<void>>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get size(): number {
    return this.#ready.size;
  }

  /** Compiles at once where it has to. */
  get(key: string, parts: () => ShaderParts): Pipeline {
    const known = this.#ready.get(key);
    if (known !== undefined) return known;
    const made = parts();
    const layout = this.#layout(made.outputs.length, made.inputs.length);
    return this.#keep(key, this.#device.createComputePipeline(this.#descriptor(key, layout, made)), layout);
  }

  /** Starts compiling beside whatever else happens; `settled` tells when it is done. */
  prepare(key: string, parts: () => ShaderParts): void {
    if (this.#ready.has(key) || this.#compiling.has(key)) return;
    const made = parts();
    const layout = this.#layout(made.outputs.length, made.inputs.length);
    const compiling = this.#device.createComputePipelineAsync(this.#descriptor(key, layout, made));
    const kept = compiling.then((pipeline) => void this.#keep(key, pipeline, layout));
    kept.catch(() => {}); // `settled` reports it
    this.#compiling.set(key, kept);
  }

  /** Rejects with the first shader that did not compile. */
  async settled(): Promise<void> {
    const all = [...this.#compiling.values()];
    this.#compiling.clear();
    await Promise.all(all);
  }

  #keep(key: string, pipeline: GPUComputePipeline, layout: GPUBindGroupLayout): Pipeline {
    const entry = { pipeline, layout };
    this.#ready.set(key, entry);
    return entry;
  }

  #descriptor(label: string, layout: GPUBindGroupLayout, parts: ShaderParts): GPUComputePipelineDescriptor {
    const module = this.#device.createShaderModule({ label, code: shaderSource(parts) });
    const pipelineLayout = this.#device.createPipelineLayout({ bindGroupLayouts: [layout] });
    return { label, layout: pipelineLayout, compute: { module, entryPoint: 'main' } };
  }

  /** Outputs, inputs, params: explicit, since an 'auto' layout leaves out what a variant of a kernel does not read. */
  #layout(outputs: number, inputs: number): GPUBindGroupLayout {
    const key = `${outputs} ${inputs}`;
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const types: GPUBufferBindingType[] = [
      ...new Array<GPUBufferBindingType>(outputs).fill('storage'),
      ...new Array<GPUBufferBindingType>(inputs).fill('read-only-storage'),
      'uniform',
    ];
    const entries = types.map((type, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } }));
    const layout = this.#device.createBindGroupLayout({ entries });
    this.#layouts.set(key, layout);
    return layout;
  }
}
