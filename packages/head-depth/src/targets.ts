import { GlidError, type ImageMeta, type SceneRecord, type TargetOf } from '@glid/head-kit';

export const depthFields = {
  /** `[H, W]` float32 metres; 0 = unknown. Nearest, so that no depth is invented between near and far. */
  depth: { kind: 'map', interpolation: 'nearest', ignore: 0 },
} as const;

export type DepthFields = typeof depthFields;
export type DepthTarget = TargetOf<DepthFields>;

export async function depthTargets(record: SceneRecord): Promise<DepthTarget> {
  if (!record.depth) {
    throw new GlidError('GLID_DATA', `Record '${record.id}' (${record.source}) has no depth map.`, {
      fix: 'Use a data set with depth, such as NYU-style lists of pictures and 16-bit depth maps.',
      details: { id: record.id, source: record.source, field: 'depth' },
    });
  }
  const { data, width, height } = await record.depth();
  return { depth: { data, shape: [height, width] } };
}

/** The target without its padding, `[height * width]` of `meta.resizedSize`. */
export function unpaddedDepth(target: DepthTarget, meta: ImageMeta): Float32Array {
  const [height, width] = meta.resizedSize;
  const [rows, columns] = target.depth.shape as [number, number];
  const data = target.depth.data as Float32Array;
  if (rows === height && columns === width) return data;
  if (rows < height || columns < width) {
    throw new GlidError('GLID_SHAPE', `A depth target is ${rows} x ${columns}, its picture ${height} x ${width}.`, {
      fix: 'Apply the same geometric augmentations to picture and target.',
      details: { target: [rows, columns], picture: [height, width] },
    });
  }
  const out = new Float32Array(height * width);
  for (let y = 0; y < height; y++) out.set(data.subarray(y * columns, y * columns + width), y * width);
  return out;
}
