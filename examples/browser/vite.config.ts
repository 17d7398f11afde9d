import { defaultClientConditions, defineConfig } from 'vite';
import { serviceWorker } from './service-worker-plugin.ts';

export default defineConfig({
  // Addresses are relative: the built folder works at any path of any static server.
  base: './',
  // Inside this repository the packages are taken from their sources, so that nothing has to be built first. Leave it out elsewhere.
  resolve: { conditions: ['@glid/source', ...defaultClientConditions] },
  // In development these are found late, behind the worker: naming them avoids loading everything twice.
  optimizeDeps: {
    include: [
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-core/dist/register_all_gradients.js',
      '@tensorflow/tfjs-backend-cpu',
      '@tensorflow/tfjs-backend-wasm',
      '@tensorflow/tfjs-backend-webgpu',
      '@glid/data > yaml',
    ],
  },
  build: { target: 'es2022', chunkSizeWarningLimit: 1200 },
  worker: { format: 'es' },
  plugins: [serviceWorker()],
});
