export type { Difference } from './close.ts';
export { expectClose, expectFixture, maxDifference } from './close.ts';
export type { Fixture, FixtureTensor } from './fixtures.ts';
export { hasShared, loadFixture, readSharedJson, sharedDirectory, sharedPath, withoutShared } from './fixtures.ts';
