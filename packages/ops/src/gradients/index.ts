// First, so that the engine and its tensors are those of the installed copy: the bundled one lacks `tensor.clone()`, which the
// gradient of AddN calls.
import '@tensorflow/tfjs-core';
import '#gradients';
import { GlidError } from '@glid/base';
import { getGradient } from '@tensorflow/tfjs-core';

if (getGradient('BatchMatMul') === undefined) {
  throw new GlidError('GLID_GRADIENTS_NOT_REGISTERED', 'TensorFlow.js has no gradients in this process.', {
    fix: 'Keep `@glid/ops/gradients` out of side-effect removal in your bundler, and check that one copy of @tensorflow/tfjs-core is installed.',
  });
}
