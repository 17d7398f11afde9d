export type { CountResult } from './head.ts';
export { templateHead } from './head.ts';
