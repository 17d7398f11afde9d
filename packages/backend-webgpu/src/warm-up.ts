import { GlidError } from '@glid/base';
import { disposeConstants } from '@glid/ops';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { engine, env } from '@tensorflow/tfjs-core';
import { awaitGpu } from '#dawn';
import { launcherOf } from './launch/launcher.ts';

const compileOnly = 'WEBGPU_ENGINE_COMPILE_ONLY';

/** True while `warmUp` runs a computation without computing. */
export function isWarmingUp(): boolean {
  return env().getBool(compileOnly);
}

/**
 * Runs `run` without executing anything on the device: each shader that it needs is handed to the driver, which compiles them beside each
 * other and beside the page's own work. Reads give zeros meanwhile. All that `run` creates is disposed; constants that it filled in are
 * forgotten. Nothing else may compute on this backend until the promise resolves.
 */
export async function warmUp(backend: WebGPUBackend, run: () => unknown): Promise<void> {
  if (isWarmingUp()) {
    throw new GlidError('GLID_USAGE', 'A warm-up is running already.', { fix: 'Await it before the next one.' });
  }
  env().set(compileOnly, true);
  engine().startScope('warm-up');
  try {
    await run();
  } finally {
    engine().endScope();
    disposeConstants();
    env().set(compileOnly, false);
    const done = await awaitGpu(
      Promise.allSettled([backend.checkCompileCompletionAsync(), launcherOf(backend).pipelines.settled()]),
    );
    const failed = done.find((result) => result.status === 'rejected');
    // biome-ignore lint/correctness/noUnsafeFinally: a shader that does not compile is the cause of whatever `run` threw
    if (failed) throw refused(failed.reason);
  }
}

function refused(cause: unknown): GlidError {
  return new GlidError('GLID_DEVICE_ERROR', `WebGPU refused a shader: ${(cause as Error).message}.`, {
    fix: 'Report this with the message above; use wasm() meanwhile.',
    cause,
  });
}
