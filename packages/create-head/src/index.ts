export { createPackage } from './create-package.ts';
export { type KindName, kindNames } from './kinds.ts';
export { type HeadNames, namesOf } from './names.ts';
