/** One node of a Bi-FPN cell: which maps it fuses, and at which level. Maps are numbered: the cell's inputs, then its nodes. */
export interface FusionNodeSpec {
  readonly name: `topDown.${number}` | `bottomUp.${number}`;
  readonly level: number;
  readonly inputs: readonly number[];
}

/**
 * The nodes of one cell over `levels` maps, fine to coarse (Tan et al. 2020, section 3.2). Top-down from the last level but one to
 * the finest: own input and the coarser result. Bottom-up from the second to the coarsest: every earlier map of the level and
 * the finer result. The finest level has no bottom-up node, the coarsest no top-down node.
 */
export function fusionNodes(levels: number): readonly FusionNodeSpec[] {
  const nodes: FusionNodeSpec[] = [];
  const atLevel = Array.from({ length: levels }, (_, level) => [level]);
  const push = (way: 'topDown' | 'bottomUp', level: number, from: number): void => {
    nodes.push({ name: `${way}.${level}`, level, inputs: [...atLevel[level]!, atLevel[from]!.at(-1)!] });
    atLevel[level]!.push(levels + nodes.length - 1);
  };
  for (let level = levels - 2; level >= 0; level--) push('topDown', level, level + 1);
  for (let level = 1; level < levels; level++) push('bottomUp', level, level - 1);
  return nodes;
}

/** For each level, the number of the map that leaves the cell there. */
export function cellOutputs(levels: number): readonly number[] {
  const last = Array.from({ length: levels }, (_, level) => level);
  fusionNodes(levels).forEach(({ level }, i) => {
    last[level] = levels + i;
  });
  return last;
}
