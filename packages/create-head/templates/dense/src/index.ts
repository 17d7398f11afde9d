export type { ForegroundResult } from './head.ts';
export { templateHead } from './head.ts';
