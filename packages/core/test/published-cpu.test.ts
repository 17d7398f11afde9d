import '@tensorflow/tfjs-backend-cpu';
import { publishedCases } from './published/index.ts';

publishedCases('cpu', { name: 'cpu', open: async () => ({ description: 'cpu', close: async () => undefined }) });
