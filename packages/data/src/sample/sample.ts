import {
  type BoxXyxy,
  dataError,
  GlidError,
  type HostArray,
  type ImageMeta,
  type RgbImage,
  type TargetField,
  type TargetFields,
  type TargetOf,
} from '@glid/base';

/** Pixels, height before width as in every shape of this project. */
export type Size = readonly [height: number, width: number];

/** One target of a sample with what it is geometrically. */
export interface SampleField {
  readonly field: TargetField;
  readonly value: HostArray;
}

/** A picture on its way through augmentation. Augmentations return new samples and never write into their input. */
export interface Sample {
  /** `[H, W, 3]` RGB, 0..255. */
  readonly image: Uint8Array | Float32Array;
  readonly size: Size;
  readonly fields: { readonly [name: string]: SampleField };
  readonly meta: ImageMeta;
  /** The box of a record's only object: what a top-down crop looks at. */
  readonly focus?: BoxXyxy;
}

/**
 * A sample in original pixels. `id` goes into the meta data.
 * Throws `GLID_DATA` when masks or maps differ from the picture in size, `GLID_SHAPE` when arrays are not what their kind
 * says, fields of one group differ in their count, or `negateOnFlip` names a plane that is not there.
 */
export function makeSample<F extends TargetFields>(
  image: RgbImage,
  targetFields: F,
  targets: TargetOf<F>,
  id?: string,
): Sample {
  const size: Size = [image.height, image.width];
  const fields: Record<string, SampleField> = {};
  for (const [name, field] of Object.entries(targetFields)) {
    const value = (targets as { readonly [name: string]: HostArray | undefined })[name];
    if (value) fields[name] = { field, value };
  }
  checkShapes(fields, size, id);
  const data = image.data;
  return {
    image: data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.length),
    size,
    fields,
    meta: { originalSize: size, resizedSize: size, inputSize: size, ...(id === undefined ? {} : { id }) },
  };
}

/** Fields of the same group are dropped together. */
export function groupOf(field: TargetField): string | null {
  switch (field.kind) {
    case 'boxes':
    case 'points':
    case 'masks':
    case 'labels':
      return field.group ?? 'instances';
    default:
      return null;
  }
}

/** Planes of a map, or entries along the first axis of a value, that mirroring negates. */
export function negatedPlanes(field: TargetField): readonly number[] {
  return field.kind === 'map' || field.kind === 'value' ? (field.negateOnFlip ?? []) : [];
}

/** How many planes a map `[H, W]` or `[K, H, W]` has, how many entries the first axis of a value. */
export function planesOf({ kind }: TargetField, { shape }: HostArray): number {
  return kind === 'map' && shape.length === 2 ? 1 : (shape[0] ?? 1);
}

function checkShapes(fields: { readonly [name: string]: SampleField }, size: Size, id: string | undefined): void {
  const counts = new Map<string, number>();
  for (const [name, { field, value }] of Object.entries(fields)) {
    if ((field.kind === 'masks' || field.kind === 'map') && !endsWith(value.shape, size)) {
      throw dataError(
        { id, field: name, got: value.shape, expected: size },
        `the target is [${value.shape}] and the picture ${size.join(' x ')}.`,
        'Store annotations at the size of their picture.',
      );
    }
    const fail = (what: string): never => {
      throw new GlidError(
        'GLID_SHAPE',
        `Target '${name}' of record '${id ?? '?'}' has shape [${value.shape}]: ${what}`,
        {
          fix: 'Correct what produces this target (`targetsFrom`).',
          details: { id, field: name, shape: value.shape },
        },
      );
    };
    if (value.data.length !== value.shape.reduce((a, b) => a * b, 1)) fail(`it holds ${value.data.length} values.`);
    if (field.kind === 'boxes' && value.shape[1] !== 4) fail('boxes are [N, 4].');
    if (field.kind === 'points' && value.shape[2] !== 3) fail('points are [N, K, 3].');
    for (const plane of negatedPlanes(field)) {
      if (!(plane >= 0 && plane < planesOf(field, value))) fail(`there is no plane ${plane} for \`negateOnFlip\`.`);
      if (value.data instanceof Uint8Array) fail('a Uint8Array holds no negative numbers, as `negateOnFlip` asks for.');
    }
    const group = groupOf(field);
    if (group === null) continue;
    const count = value.shape[0]!;
    if ((counts.get(group) ?? count) !== count) fail(`others of group '${group}' have ${counts.get(group)} instances.`);
    counts.set(group, count);
  }
}

function endsWith(shape: readonly number[], [height, width]: Size): boolean {
  return shape.at(-2) === height && shape.at(-1) === width;
}
