export type { Specified } from './check-specification.ts';
export { checkSpecification, supportedSpecifications } from './check-specification.ts';
export type { DefinedHead, HeadBody, HeadDefinition } from './define-head.ts';
export { defineHead } from './define-head.ts';
