import { GlidError } from '@glid/base';

interface Shaped {
  readonly shape: readonly number[];
}

/** Throws `GLID_SHAPE` unless `ok`; `need` names the axes that the op expects, `got` are the shapes it was given. */
export function requireShape(ok: boolean, op: string, need: string, got: Readonly<Record<string, Shaped>>): void {
  if (ok) return;
  const shapes = Object.entries(got).map(([name, tensor]) => `${name} [${tensor.shape.join(', ')}]`);
  throw new GlidError('GLID_SHAPE', `${op} needs ${need}, got ${shapes.join(', ')}.`, {
    fix: 'Reshape or pad the inputs to the shapes named here.',
    details: { op, need, got: Object.fromEntries(Object.entries(got).map(([name, tensor]) => [name, tensor.shape])) },
  });
}

/** Throws `GLID_USAGE` unless `ok`: an option is outside the op's domain. */
export function requireOption(ok: boolean, op: string, need: string): void {
  if (ok) return;
  throw new GlidError('GLID_USAGE', `${op}: ${need}.`, { fix: 'Correct the option named here.', details: { op } });
}

export function product(shape: readonly number[]): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}
