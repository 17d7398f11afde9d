import { webgpu } from '@glid/backend-webgpu';
import { env } from '@tensorflow/tfjs-core';
import { publishedCases } from './published/index.ts';

const candidate = webgpu({ allowSoftware: true });
const found = await candidate.probe();

publishedCases('WebGPU', {
  name: 'webgpu',
  absent: found.ok ? undefined : found.reason,
  open: async () => {
    const backend = await candidate.create();
    env().set('WEBGPU_CPU_FORWARD', false); // small tensors would otherwise be computed in JavaScript
    return { description: backend.description, close: () => backend.dispose() };
  },
});
