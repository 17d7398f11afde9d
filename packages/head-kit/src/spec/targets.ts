export type { HostArray, TargetField, TargetFields, TargetOf } from '@glid/base';
