export function sizeOf(shape: readonly number[]): number {
  let product = 1;
  for (let axis = 0; axis < shape.length; axis++) product *= shape[axis]!;
  return product;
}

/** Elements from one entry of an axis to the next, of a dense tensor. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let product = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = product;
    product *= shape[axis]!;
  }
  return strides;
}

/** Counts a negative axis from the end. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
