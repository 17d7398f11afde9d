// Vitest's global setup of the project `unit`.
export { forgetSources as setup } from './kernel-sources.ts';
