import { cocoSkeleton, dataError, type Skeleton } from '@glid/base';

/**
 * The skeleton of the first category with joints in a parsed COCO file, or undefined. `flip_pairs` and `sigmas` (not COCO's
 * own) are used where given. Else pairs follow from `left_`/`right_` in the names, and sigmas from COCO's joint of the
 * same name; a joint that COCO does not know gets COCO's largest.
 */
export function skeletonOf(json: unknown, source: string): Skeleton | undefined {
  const { categories } = json as { readonly categories: readonly RawCategory[] };
  const category = categories.find(({ keypoints }) => keypoints !== undefined && keypoints.length > 0);
  if (!category?.keypoints) return undefined;
  const joints = category.keypoints;
  const known = joints.length === cocoSkeleton.joints.length && joints.every((j, i) => j === cocoSkeleton.joints[i]);
  const fail = (field: string): never => {
    throw dataError({ source, field: `categories.${field}` }, 'does not fit the joints.', 'Correct or remove it.');
  };
  const isJoint = (i: unknown): boolean => Number.isInteger(i) && (i as number) >= 0 && (i as number) < joints.length;
  const flipPairs = category.flip_pairs ?? pairsByName(joints);
  if (!isPairs(flipPairs, isJoint)) fail('flip_pairs');
  const sigmas = category.sigmas ?? joints.map(sigmaByName);
  if (!Array.isArray(sigmas) || sigmas.length !== joints.length || !sigmas.every((s) => s > 0)) fail('sigmas');
  const edges = (category.skeleton ?? []).map(([from, to]) => [from - 1, to - 1] as const);
  if (!isPairs(edges, isJoint)) fail('skeleton');
  return known && !category.sigmas ? { ...cocoSkeleton, edges } : { joints, flipPairs, sigmas, edges };
}

interface RawCategory {
  readonly keypoints?: readonly string[];
  readonly skeleton?: readonly (readonly [number, number])[];
  readonly flip_pairs?: readonly (readonly [number, number])[];
  readonly sigmas?: readonly number[];
}

function isPairs(pairs: unknown, isJoint: (i: unknown) => boolean): boolean {
  return Array.isArray(pairs) && pairs.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isJoint));
}

function pairsByName(joints: readonly string[]): (readonly [number, number])[] {
  return joints.flatMap((name, left) => {
    const right = name.startsWith('left_') ? joints.indexOf(name.replace('left_', 'right_')) : -1;
    return right < 0 ? [] : [[left, right] as const];
  });
}

function sigmaByName(name: string): number {
  const at = cocoSkeleton.joints.indexOf(name);
  return at >= 0 ? cocoSkeleton.sigmas[at]! : Math.max(...cocoSkeleton.sigmas);
}
