import type { Random } from '@glid/base';
import type { HostArray, TargetField, TargetFields } from '../spec/targets.ts';
import type { Target } from './scene.ts';

const instanceKinds = new Set(['boxes', 'points', 'masks', 'labels']);

export function isInstanceField(field: TargetField): boolean {
  return instanceKinds.has(field.kind);
}

export function groupOf(field: TargetField): string {
  return ('group' in field && field.group) || 'instances';
}

/** The same target without instances, and with maps in which nothing is known. */
export function emptied(fields: TargetFields, target: Target): Target {
  return mapFields(fields, target, (field, value) => {
    if (isInstanceField(field)) return { data: value.data.slice(0, 0), shape: [0, ...value.shape.slice(1)] };
    if (field.kind === 'map') return { data: value.data.slice().fill(field.ignore), shape: value.shape };
    return value;
  });
}

/** The instances of each group in another order: reversed, or random where a generator is given. */
export function reordered(fields: TargetFields, target: Target, random?: Random): Target {
  const orders = new Map<string, Uint32Array>();
  return mapFields(fields, target, (field, value) => {
    if (!isInstanceField(field)) return value;
    const count = value.shape[0]!;
    const group = groupOf(field);
    let order = orders.get(group);
    if (!order) {
      order = random?.permutation(count) ?? Uint32Array.from({ length: count }, (_, i) => count - 1 - i);
      orders.set(group, order);
    }
    return take(value, order);
  });
}

/** The rows `order` of the leading axis. */
export function take(value: HostArray, order: ArrayLike<number>): HostArray {
  const inner = value.shape.slice(1).reduce((a, b) => a * b, 1);
  const data = value.data.slice(0, order.length * inner);
  for (let k = 0; k < order.length; k++)
    data.set(value.data.subarray(order[k]! * inner, (order[k]! + 1) * inner), k * inner);
  return { data, shape: [order.length, ...value.shape.slice(1)] };
}

/** The target of a picture that lies at the left top of a larger input. */
export function padded(fields: TargetFields, target: Target, size: readonly [number, number]): Target {
  return mapFields(fields, target, (field, value) => {
    if (field.kind !== 'map' && field.kind !== 'masks') return value;
    const [h, w] = value.shape.slice(-2) as [number, number];
    const lead = value.shape.slice(0, -2);
    const planes = lead.reduce((a, b) => a * b, 1);
    const Data = value.data.constructor as new (n: number) => Float32Array;
    const data = new Data(planes * size[0] * size[1]).fill(field.kind === 'map' ? field.ignore : 0);
    for (let p = 0; p < planes; p++) {
      for (let y = 0; y < h; y++) {
        const from = (p * h + y) * w;
        data.set(value.data.subarray(from, from + w), (p * size[0] + y) * size[1]);
      }
    }
    return { data, shape: [...lead, size[0], size[1]] };
  });
}

function mapFields(
  fields: TargetFields,
  target: Target,
  change: (field: TargetField, value: HostArray) => HostArray,
): Target {
  return Object.fromEntries(Object.entries(target).map(([name, value]) => [name, change(fields[name]!, value)]));
}
