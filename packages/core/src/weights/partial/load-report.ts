import type { LabelMatch } from './match-labels.ts';

/** A parameter that the file has in another shape. */
export interface ShapeMismatch {
  readonly name: string;
  readonly fileShape: readonly number[];
  readonly modelShape: readonly number[];
  /** True when the difference lies along a class axis whose labels could not be matched. */
  readonly labelAxis: boolean;
}

/** A relative-position table that was interpolated for another window. */
export interface ResizedTable {
  readonly name: string;
  /** Window of the file, in tokens a side. */
  readonly from: number;
  /** Window of the model. */
  readonly to: number;
}

/** What partial loading did with every name of the model and of the file. */
export interface LoadReport {
  readonly file: string;
  /** Parameters that took the file's values. */
  readonly loaded: readonly string[];
  /** Parameters that keep their initial values. */
  readonly initialised: readonly string[];
  /** Tensors of the file that nothing used. */
  readonly leftOver: readonly string[];
  /** Parameters left alone because their shapes differ; each is also `initialised`, and its tensor `leftOver`. */
  readonly mismatched: readonly ShapeMismatch[];
  /** Relative-position tables that were interpolated; each is also `loaded`. */
  readonly resized: readonly ResizedTable[];
  /** Per head key: class rows kept, new and dropped. Only heads with a class axis that was loaded by name. */
  readonly labels: Readonly<Record<string, Pick<LabelMatch, 'kept' | 'added' | 'dropped'>>>;
}

/** The report for people: a line a group, then labels and mismatches. */
export function formatLoadReport(report: LoadReport): string {
  const groups = new Map<string, [loaded: number, initialised: number, leftOver: number]>();
  for (const [column, names] of [report.loaded, report.initialised, report.leftOver].entries()) {
    for (const name of names) {
      const group = groupOf(name);
      const counts = groups.get(group) ?? [0, 0, 0];
      counts[column]! += 1;
      groups.set(group, counts);
    }
  }
  const lines = [`${report.file}: ${report.loaded.length} parameters loaded`];
  const width = Math.max(0, ...[...groups.keys()].map((group) => group.length));
  for (const [group, [loaded, initialised, leftOver]] of groups) {
    lines.push(`  ${group.padEnd(width)}  ${loaded} loaded, ${initialised} new, ${leftOver} left over`);
  }
  for (const [key, { kept, added, dropped }] of Object.entries(report.labels)) {
    lines.push(`  labels of '${key}': kept ${list(kept)}; new ${list(added)}; dropped ${list(dropped)}`);
  }
  const [table] = report.resized;
  if (table) {
    lines.push(`  ${report.resized.length} position tables interpolated from window ${table.from} to ${table.to}`);
  }
  for (const { name, fileShape, modelShape, labelAxis } of report.mismatched) {
    const why = labelAxis ? ' (class axis)' : '';
    lines.push(`  not loaded: ${name} is [${fileShape.join(', ')}] in the file, [${modelShape.join(', ')}] here${why}`);
  }
  return lines.join('\n');
}

/** `encoder`, `neck`, …; for heads and queries with the head's key: `heads.boxes`. */
function groupOf(name: string): string {
  const [first, second] = name.split('.');
  return (first === 'heads' || first === 'queries') && second !== undefined ? `${first}.${second}` : first!;
}

function list(labels: readonly string[]): string {
  if (labels.length === 0) return 'none';
  return labels.length > 8 ? `${labels.slice(0, 8).join(', ')} and ${labels.length - 8} more` : labels.join(', ');
}
