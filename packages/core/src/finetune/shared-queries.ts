import { GlidError } from '@glid/base';
import type { Heads } from './finetune-objective.ts';

/**
 * Which query embeddings follow which: in each group all heads answer from the same queries, those of the first.
 * (GLID's multitask table shares all but the linear heads; separate queries are the default here.)
 * @throws GLID_CONFIG when heads of a group do not have as many queries of the same kind
 */
export function queryTies(heads: Heads, groups: readonly (readonly string[])[]): ReadonlyMap<string, string> {
  const ties = new Map<string, string>();
  for (const [leader, ...followers] of groups) {
    const first = leader === undefined ? undefined : heads[leader];
    for (const follower of followers) {
      const head = heads[follower];
      const fits =
        first && head && head.queries.count === first.queries.count && head.queries.init === first.queries.init;
      if (!fits) {
        throw new GlidError('GLID_CONFIG', `'${follower}' cannot share the queries of '${leader}'.`, {
          fix: 'Name heads of the model that have equally many queries with the same start.',
          details: { leader: first?.queries, follower: head?.queries },
        });
      }
      ties.set(`queries.${follower}.embedding`, `queries.${leader}.embedding`);
    }
  }
  return ties;
}
