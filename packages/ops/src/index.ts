export type { BackendCandidate, BackendProbe, GlidBackend } from './backend.ts';
