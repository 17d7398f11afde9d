export { meanMetrics } from './mean-metrics.ts';
