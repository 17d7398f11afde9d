export type { BackendChoice, RejectedBackend } from './backend/index.ts';
export { cpu, runCanary, useBackend } from './backend/index.ts';
export * from './image/index.ts';
export * from './weights/index.ts';
