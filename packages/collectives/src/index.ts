export type { Collectives, DeviceTensor } from './collectives.ts';
export { local } from './local.ts';
export type { MpiCollectives, MpiOptions } from './mpi.ts';
export { mpi } from './mpi.ts';
export type { CudaMemory, NcclCollectives, NcclOptions } from './nccl.ts';
export { nccl } from './nccl.ts';
export type { TcpCollectives, TcpOptions } from './tcp.ts';
export { tcp } from './tcp.ts';
