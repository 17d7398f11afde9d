export { cocoSkeleton } from '@glid/base';
export { stuffLabels } from './place.ts';
export type { SceneDatasetOptions } from './scene-dataset.ts';
export type { SyntheticFiguresOptions } from './synthetic-figures.ts';
export { syntheticFigures } from './synthetic-figures.ts';
export type { SyntheticScenesOptions } from './synthetic-scenes.ts';
export { syntheticLabels, syntheticScenes } from './synthetic-scenes.ts';
