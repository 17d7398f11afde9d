import { linearAssignment } from '@glid/base';
import type { CostMatrix } from './costs.ts';

/** Which query answers for which target of a picture; queries ascending. Plain data, so that it can cross an `await`. */
export interface QueryMatch {
  readonly queries: Int32Array;
  readonly targets: Int32Array;
}

/** The pairing of queries with targets of least total cost (DETR, section 3.1). */
export function matchQueries(costs: CostMatrix): QueryMatch {
  const { rows, columns } = linearAssignment(costs.values, costs.queries, costs.targets);
  return { queries: rows, targets: columns };
}
