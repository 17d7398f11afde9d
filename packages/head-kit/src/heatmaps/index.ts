export type { DecodedHeatmaps, HeatmapDecoding } from './decode-heatmaps.ts';
export { decodeHeatmaps } from './decode-heatmaps.ts';
export type { HeatmapEncoding, HeatmapGeometry, HeatmapTargets } from './encode-heatmaps.ts';
export { encodeHeatmaps } from './encode-heatmaps.ts';
export type { PictureRegion } from './heatmap-to-picture.ts';
export { heatmapToPicture } from './heatmap-to-picture.ts';
export { mirrorMaps } from './mirror-maps.ts';
