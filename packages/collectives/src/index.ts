export type { Collectives } from './collectives.ts';
export { local } from './local.ts';
export type { MpiCollectives, MpiOptions } from './mpi.ts';
export { mpi } from './mpi.ts';
