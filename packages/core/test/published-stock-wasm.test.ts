import '@tensorflow/tfjs-backend-wasm';
import { publishedCases } from './published/index.ts';

publishedCases("TensorFlow.js's own wasm", {
  name: 'wasm',
  trains: false,
  open: async () => ({ description: "TensorFlow.js's own wasm", close: async () => undefined }),
});
