import { GlidError } from '@glid/base';
import { engine, KernelBackend, scalar, Tensor, version_core } from '@tensorflow/tfjs-core';

/** The one version of tfjs-core that this package is built and tested against. */
export const requiredTfjsVersion = '4.22.0';

/**
 * Throws `GLID_TFJS_DUPLICATE` when two copies of tfjs-core are loaded, or another version than 4.22.0. All copies share one engine (on
 * globalThis), whose tensors are of the first copy's `Tensor` class: a second copy is seen by tensors that are not instances of its own
 * class, and a backend built with another copy by not being an instance of its `KernelBackend`. Call it after the backend is set.
 */
export function assertSingleEngine(): void {
  if (version_core !== requiredTfjsVersion) {
    throw duplicate(`@tensorflow/tfjs-core ${version_core} is loaded, but ${requiredTfjsVersion} is needed.`);
  }
  const probe = scalar(0);
  const foreign = !(probe instanceof Tensor);
  probe.dispose();
  if (foreign) {
    throw duplicate('Two copies of @tensorflow/tfjs-core are loaded: tensors belong to another copy than ours.');
  }
  if (!(engine().backend instanceof KernelBackend)) {
    throw duplicate(
      `Two copies of @tensorflow/tfjs-core are loaded: backend '${engine().backendName}' was built with another copy than ours.`,
    );
  }
}

function duplicate(what: string): GlidError {
  return new GlidError('GLID_TFJS_DUPLICATE', what, {
    fix: `Run 'npm ls @tensorflow/tfjs-core', then 'npm install --save-exact @tensorflow/tfjs-core@${requiredTfjsVersion}' and 'npm dedupe'; in a bundle, resolve it once ('module' before 'main').`,
    details: { loaded: version_core, required: requiredTfjsVersion, backend: engine().backendName },
  });
}
