import { GlidError } from '../errors.ts';

/** Pairs `(rows[k], columns[k])`, rows ascending; `min(rows, columns)` of them. */
export interface Assignment {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/**
 * The pairing of rows with columns whose summed cost is least: every row (or, if there are fewer, every column) is used once.
 *
 * Exact, in float64, O(min^2 * max): the shortest augmenting path method of Jonker & Volgenant (1987) in the rectangular form of
 * Crouse, "On implementing 2D rectangular assignment algorithms" (2016). Equal costs are resolved in the order that
 * `scipy.optimize.linear_sum_assignment` resolves them, so that published matchers are reproduced index by index.
 *
 * @param costs row-major `[rows, columns]`; finite numbers
 * @throws GlidError `GLID_NON_FINITE` naming the row and column of the first cost that is NaN or infinite; `GLID_SHAPE`
 */
export function linearAssignment(costs: ArrayLike<number>, rows: number, columns: number): Assignment {
  if (costs.length !== rows * columns) {
    throw new GlidError('GLID_SHAPE', `${costs.length} costs cannot fill a ${rows} x ${columns} matrix.`, {
      fix: 'Pass rows * columns costs, row by row.',
      details: { length: costs.length, rows, columns },
    });
  }
  if (rows === 0 || columns === 0) return { rows: new Int32Array(0), columns: new Int32Array(0) };
  const wide = rows <= columns;
  const matrix = wide ? copy(costs, rows, columns) : transpose(costs, rows, columns);
  const partner = wide ? augmentAll(matrix, rows, columns) : augmentAll(matrix, columns, rows);
  return wide ? { rows: range(rows), columns: partner } : sortedByRow(partner);
}

/** The column of each row, for a matrix with at least as many columns as rows. */
function augmentAll(costs: Float64Array, rows: number, columns: number): Int32Array {
  const rowPrice = new Float64Array(rows);
  const columnPrice = new Float64Array(columns);
  const distance = new Float64Array(columns);
  const previousRow = new Int32Array(columns).fill(-1);
  const columnOf = new Int32Array(rows).fill(-1);
  const rowOf = new Int32Array(columns).fill(-1);
  /** Columns not yet reached by the search: the first `open` entries; reached ones are appended to `reached`. */
  const frontier = new Int32Array(columns);
  const reached = new Int32Array(columns);

  for (let start = 0; start < rows; start++) {
    let open = columns;
    // Descending, and with the last open column moved into each gap: this order decides between equal costs.
    for (let k = 0; k < columns; k++) frontier[k] = columns - 1 - k;
    distance.fill(Number.POSITIVE_INFINITY);
    let length = 0;
    let row = start;
    let shortest = 0;
    let sink = -1;

    while (sink < 0) {
      const offset = row * columns;
      const price = rowPrice[row]!;
      let best = -1;
      let least = Number.POSITIVE_INFINITY;
      for (let k = 0; k < open; k++) {
        const column = frontier[k]!;
        const reduced = shortest + costs[offset + column]! - price - columnPrice[column]!;
        let d = distance[column]!;
        if (reduced < d) {
          d = reduced;
          distance[column] = reduced;
          previousRow[column] = row;
        }
        // Among equals a free column ends the search at once.
        if (d < least || (d === least && rowOf[column] === -1)) {
          least = d;
          best = k;
        }
      }
      const column = frontier[best]!;
      shortest = least;
      reached[length++] = column;
      frontier[best] = frontier[--open]!;
      const owner = rowOf[column]!;
      if (owner === -1) sink = column;
      else row = owner;
    }

    rowPrice[start] = rowPrice[start]! + shortest;
    for (let k = 0; k < length; k++) {
      const column = reached[k]!;
      const slack = shortest - distance[column]!;
      const owner = rowOf[column]!;
      if (owner !== -1) rowPrice[owner] = rowPrice[owner]! + slack;
      columnPrice[column] = columnPrice[column]! - slack;
    }

    let column = sink;
    for (let at = -1; at !== start; ) {
      at = previousRow[column]!;
      rowOf[column] = at;
      const next = columnOf[at]!;
      columnOf[at] = column;
      column = next;
    }
  }
  return columnOf;
}

function copy(costs: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let k = 0; k < out.length; k++) {
    const cost = costs[k]!;
    if (!Number.isFinite(cost)) throw notFinite(cost, Math.floor(k / columns), k % columns);
    out[k] = cost;
  }
  return out;
}

function transpose(costs: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const cost = costs[r * columns + c]!;
      if (!Number.isFinite(cost)) throw notFinite(cost, r, c);
      out[c * rows + r] = cost;
    }
  }
  return out;
}

function notFinite(cost: number, row: number, column: number): GlidError {
  return new GlidError('GLID_NON_FINITE', `The cost of row ${row}, column ${column} is ${cost}.`, {
    fix: 'Look for NaN or infinite values in the predictions or targets that the cost was made from.',
    details: { row, column, cost },
  });
}

function range(n: number): Int32Array {
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) out[i] = i;
  return out;
}

function sortedByRow(rowOfColumn: Int32Array): Assignment {
  const columns = range(rowOfColumn.length).sort((a, b) => rowOfColumn[a]! - rowOfColumn[b]!);
  const rows = new Int32Array(columns.length);
  for (let k = 0; k < rows.length; k++) rows[k] = rowOfColumn[columns[k]!]!;
  return { rows, columns };
}
