import '#gradients';
import { GlidError } from '@glid/base';
import { getGradient } from '@tensorflow/tfjs-core';

if (getGradient('BatchMatMul') === undefined) {
  throw new GlidError('GLID_GRADIENTS_NOT_REGISTERED', 'TensorFlow.js has no gradients in this process.', {
    fix: 'Keep `@glid/ops/gradients` out of side-effect removal in your bundler, and check that one copy of @tensorflow/tfjs-core is installed.',
  });
}
