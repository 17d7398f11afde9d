export { runCanary } from './canary.ts';
export { cpu } from './cpu.ts';
export type { BackendChoice, RejectedBackend } from './use-backend.ts';
export { useBackend } from './use-backend.ts';
