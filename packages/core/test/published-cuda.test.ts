import { findCompiler } from '@glid/cuda-sim';
import { simulatedBackend } from '../../backend-cuda/test/simulated-backend.ts';
import { publishedCases } from './published/index.ts';

publishedCases('cudasim', {
  name: 'cuda',
  absent: findCompiler() === undefined ? 'needs g++, which is absent' : undefined,
  open: async () => {
    const { backend, dispose } = await simulatedBackend();
    return { description: backend.description, close: dispose };
  },
});
