import type { SwinScheme } from './rename-table.ts';

/** What an import made of a foreign file. */
export interface SwinImportReport {
  readonly file: string;
  readonly scheme: SwinScheme;
  /** What stood before the encoder's keys. */
  readonly prefix: string;
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Each of our names with the keys it was made of. */
  readonly renamed: readonly { readonly name: string; readonly from: readonly string[] }[];
  /** Relative-position tables that were resized to another window. */
  readonly resized: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  /** Keys left behind, each with its reason. */
  readonly ignored: readonly { readonly name: string; readonly reason: string }[];
  /** Output norms that the file does not have: they keep their initial values. */
  readonly absent: readonly string[];
}

/**
 * What an import did, for people: scheme and depths, tables that were resized, what was not in the file, and what was ignored with the
 * reason.
 */
export function formatSwinImport(report: SwinImportReport): string {
  const { file, scheme, depths, renamed, resized, ignored, absent } = report;
  const keys = renamed.reduce((sum, { from }) => sum + from.length, 0);
  const lines = [
    `${file}: Swin ${depths.join('-')} under ${scheme} names; ${keys} keys became ${renamed.length} parameters`,
  ];
  const [first] = resized;
  if (first) lines.push(`  ${resized.length} relative-position tables resized, window ${first.from} to ${first.to}`);
  if (absent.length) lines.push(`  not in the file: ${absent.join(', ')}`);
  const byReason = new Map<string, string[]>();
  for (const { name, reason } of ignored) byReason.set(reason, [...(byReason.get(reason) ?? []), name]);
  for (const [reason, names] of byReason) {
    const more = names.length > 4 ? `, and ${names.length - 4} more` : '';
    lines.push(`  ignored (${reason}): ${names.slice(0, 4).join(', ')}${more}`);
  }
  return lines.join('\n');
}
