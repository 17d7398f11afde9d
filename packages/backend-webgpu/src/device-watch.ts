import { GlidError } from '@glid/base';

/**
 * Turns what WebGPU reports on the side into errors that a caller cannot miss. WebGPU drops a whole command batch when one
 * command is invalid and goes on; tensors then hold zeros. So the first error is kept, and every later read of results throws it.
 */
export class DeviceWatch {
  readonly device: GPUDevice;
  /** Resolves when the device goes away without our doing. */
  readonly lost: Promise<GlidError>;
  #failure: GlidError | undefined;
  #closing = false;
  readonly #ownsDevice: boolean;
  #scopesOpen = false;

  constructor(device: GPUDevice, ownsDevice: boolean) {
    this.device = device;
    this.#ownsDevice = ownsDevice;
    device.addEventListener('uncapturederror', (event) => {
      this.#keep((event as GPUUncapturedErrorEvent).error);
    });
    this.lost = new Promise((resolve) => {
      void device.lost.then((info) => {
        if (this.#closing) return;
        this.#failure = deviceLost(info);
        resolve(this.#failure);
      });
    });
    this.#openScopes();
  }

  /** The first error so far, or undefined. Sticky: results after it cannot be trusted. */
  get failure(): GlidError | undefined {
    return this.#failure;
  }

  /**
   * Resolves when all commands so far have been checked; throws the first error. On a device of our own, error scopes make
   * this exact. On an injected device the scopes belong to the application, and errors arrive as events.
   */
  async check(): Promise<void> {
    if (this.#scopesOpen) {
      const reports = scopes.map(() => this.device.popErrorScope());
      this.#scopesOpen = false;
      this.#openScopes();
      const settled = await Promise.race([Promise.allSettled(reports), this.lost]);
      if (Array.isArray(settled)) {
        for (const report of settled) if (report.status === 'fulfilled' && report.value) this.#keep(report.value);
      }
    }
    if (this.#failure) throw this.#failure;
  }

  /** Our own destruction is not a loss. */
  close(): void {
    this.#closing = true;
  }

  #openScopes(): void {
    if (!this.#ownsDevice || this.#failure) return;
    for (const filter of scopes) this.device.pushErrorScope(filter);
    this.#scopesOpen = true;
  }

  #keep(error: GPUError): void {
    this.#failure ??= fromGpuError(error);
  }
}

const scopes: readonly GPUErrorFilter[] = ['validation', 'internal', 'out-of-memory'];

function fromGpuError(error: GPUError): GlidError {
  if (error.constructor.name === 'GPUOutOfMemoryError') {
    return new GlidError('GLID_OUT_OF_MEMORY', `The GPU is out of memory: ${error.message}.`, {
      fix: 'Lower the batch size or the image size, then create the backend again.',
      cause: error,
    });
  }
  return new GlidError('GLID_DEVICE_ERROR', `WebGPU refused a command, so results are wrong: ${error.message}.`, {
    fix: 'Report this with the message above; create the backend again, or use wasm().',
    cause: error,
  });
}

function deviceLost(info: GPUDeviceLostInfo): GlidError {
  const why = info.message || info.reason || 'no reason given';
  return new GlidError('GLID_DEVICE_LOST', `The GPU device was lost: ${why}.`, {
    fix: 'Call useBackend([webgpu()]) again and load the model or the last checkpoint anew.',
    details: { reason: info.reason },
  });
}
