const known = new Map<string, string[]>();

/**
 * `<kind>0`, `<kind>1`, … up to `count`: the names of inputs that a contract counts. They are made once, since the names of hundreds of
 * parameters take longer than all else that an optimiser's step does on the host.
 */
export function inputNames<K extends string>(kind: K, count: number): readonly `${K}${number}`[] {
  let names = known.get(kind);
  if (names === undefined) {
    names = [];
    known.set(kind, names);
  }
  for (let i = names.length; i < count; i++) names.push(`${kind}${i}`);
  return names.slice(0, count) as `${K}${number}`[];
}
