import { type BoxXyxy, GlidError, type HostArray } from '@glid/base';
import { resizeImage } from '../resample/resize-image.ts';
import { sampleBilinear, sampleNearest } from '../resample/sample-planes.ts';
import { nearestIndices, type SourcePositions, sourcePositions } from '../resample/source-positions.ts';
import { warpImage } from '../resample/warp-image.ts';
import { groupOf, type Sample, type SampleField } from '../sample/sample.ts';
import { refuseRotation, turnDirections } from './directions.ts';
import { dropVanished } from './drop-instances.ts';
import { forwardMatrix, shownSize } from './forward-matrix.ts';
import { type Geometry, isIdentity } from './geometry.ts';
import { metaAfter } from './meta-after.ts';
import { transformBoxes, transformPoints } from './transform-places.ts';

export interface ApplyOptions {
  /** Keeps points outside of the picture visible and instances that have left it (top-down pose crops). */
  readonly keepOutside?: boolean;
}

/**
 * Moves picture and targets together, each by its kind. Throws `GLID_USAGE` on a padded sample, for padding comes last, and where a
 * rotation meets a target that holds directions (`negateOnFlip`).
 */
export function applyGeometry(sample: Sample, geometry: Geometry, options: ApplyOptions = {}): Sample {
  const { size, meta } = sample;
  if (isIdentity(geometry, size)) return sample;
  if (meta.resizedSize[0] !== size[0] || meta.resizedSize[1] !== size[1]) {
    throw new GlidError('GLID_USAGE', 'A geometric augmentation follows a padding.', {
      fix: 'Put padding last in the pipeline.',
    });
  }
  const image =
    geometry.kind === 'axis'
      ? resizeImage(sample.image, size[1], geometry)
      : warpImage(sample.image, size[0], size[1], geometry);
  const move = fieldMover(sample, geometry, options.keepOutside === true);
  const moved = Object.fromEntries(Object.entries(sample.fields).map(([name, entry]) => [name, move(entry)]));
  const tight = geometry.kind === 'affine' ? boxesFromMasks(moved) : moved;
  return {
    image,
    size: geometry.output,
    fields: options.keepOutside ? tight : dropVanished(tight),
    meta: metaAfter(meta, geometry),
    ...(sample.focus ? { focus: movedFocus(sample.focus, geometry) } : {}),
  };
}

function movedFocus(focus: BoxXyxy, geometry: Geometry): BoxXyxy {
  const box = { data: Float32Array.from(focus), shape: [1, 4] };
  const [x0, y0, x1, y1] = transformBoxes(box, forwardMatrix(geometry), shownSize(geometry)).data;
  return [x0!, y0!, x1!, y1!];
}

function fieldMover(sample: Sample, geometry: Geometry, keepOutside: boolean): (entry: SampleField) => SampleField {
  const matrix = forwardMatrix(geometry);
  refuseRotation(sample.fields, matrix);
  const shown = shownSize(geometry);
  let positions: SourcePositions | undefined;
  let indices: Int32Array | undefined;
  const at = (): SourcePositions => {
    positions ??= sourcePositions(geometry);
    return positions;
  };
  const nearest = (): Int32Array => {
    indices ??= nearestIndices(at(), sample.size);
    return indices;
  };
  return ({ field, value }) => {
    let moved: HostArray = value;
    if (field.kind === 'boxes') moved = transformBoxes(value, matrix, shown);
    else if (field.kind === 'points') {
      moved = transformPoints(value, matrix, shown, field.flipPairs ?? [], keepOutside);
    } else if (field.kind === 'masks') moved = sampleNearest(value, sample.size, nearest(), geometry.output, 0);
    else if (field.kind === 'map') {
      moved =
        field.interpolation === 'nearest'
          ? sampleNearest(value, sample.size, nearest(), geometry.output, field.ignore)
          : sampleBilinear(value, sample.size, at(), field.ignore);
    }
    return { field, value: turnDirections({ field, value: moved }, matrix) };
  };
}

/** After a rotation the extent of the mask is a tighter box than that of the turned corners. */
function boxesFromMasks(fields: { readonly [name: string]: SampleField }): { [name: string]: SampleField } {
  const masks = new Map<string | null, HostArray>();
  for (const { field, value } of Object.values(fields)) {
    if (field.kind === 'masks') masks.set(groupOf(field), value);
  }
  return Object.fromEntries(
    Object.entries(fields).map(([name, entry]) => {
      const mask = entry.field.kind === 'boxes' ? masks.get(groupOf(entry.field)) : undefined;
      return [name, mask ? { field: entry.field, value: maskExtents(mask) } : entry];
    }),
  );
}

/** Boxes `[N, 4]` around masks `[N, H, W]`; empty masks give zero boxes. */
function maskExtents({ data, shape }: HostArray): HostArray {
  const [count, height, width] = shape as readonly [number, number, number];
  const boxes = new Float32Array(count * 4);
  for (let n = 0, i = 0; n < count; n++) {
    let [x0, y0, x1, y1] = [width, height, 0, 0];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (data[i] === 0) continue;
        if (x < x0) x0 = x;
        if (x >= x1) x1 = x + 1;
        if (y < y0) y0 = y;
        if (y >= y1) y1 = y + 1;
      }
    }
    if (x1 > x0) boxes.set([x0, y0, x1, y1], n * 4);
  }
  return { data: boxes, shape: [count, 4] };
}
