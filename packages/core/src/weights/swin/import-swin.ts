import { checkpointError, printable } from '../checkpoint-error.ts';
import type { TensorFile } from '../safetensors/read.ts';
import { convert, convertedShape, type Renamed } from './convert.ts';
import { type FoundScheme, findScheme } from './find-scheme.ts';
import type { SwinImportReport } from './import-report.ts';
import { fillTemplate, type RenameRule, type RenameTable, type SwinScheme } from './rename-table.ts';
import { windowOfTable } from './resize-table.ts';
import { swinTables } from './schemes.ts';

export interface ImportSwinOptions {
  /** Found from the keys when absent. */
  readonly scheme?: SwinScheme;
  /** What stands before the encoder's keys, as `backbone.`; found when absent. Keys elsewhere are ignored, and listed. */
  readonly prefix?: string;
  /** The model's window: relative-position tables of another window are resized to it. Kept as they are when absent. */
  readonly window?: number;
  /**
   * A file may have the classifier's final norm, a norm for each stage, or both. The last stage's output norm is its own one
   * (`detection`, default) or the final norm (`classification`), and the other one when that is missing.
   */
  readonly semantics?: 'detection' | 'classification';
}

/** A foreign checkpoint under our names: load it like any other file. */
export interface SwinImport extends TensorFile {
  readonly report: SwinImportReport;
}

type Ignored = SwinImportReport['ignored'][number];

/**
 * Presents a published Swin checkpoint (timm, Microsoft or Hugging Face names) under this encoder's names and layouts: a pure renaming by
 * the tables of `schemes.ts`. Every key is used or ignored for a stated reason, and nothing the encoder needs is missing, else
 * `GLID_CHECKPOINT`. Values are decoded when asked for.
 */
export function importSwin(source: TensorFile, options: ImportSwinOptions = {}): SwinImport {
  if (options.window !== undefined && !(Number.isInteger(options.window) && options.window > 0)) {
    throw checkpointError(`a window of ${options.window} is impossible`, {
      file: source.file,
      fix: 'Pass 7, 8, 12, …',
    });
  }
  const found = findScheme(source, options.scheme, options.prefix);
  const table = swinTables[found.scheme];
  const keys = keysWithoutPrefix(source, found.prefix);
  refuseOtherModels(keys, table, found.prefix, source.file);
  const depths = findDepths(keys, table, source.file);
  const ignored: Ignored[] = [];
  const absent: string[] = [];
  const renamed = new Map<string, Renamed>();
  for (const { rule, from, to } of instances(table, depths)) {
    const sources = takeKeys(keys, from, to, rule, source.file);
    if (!sources) {
      if (!rule.finalNorm) absent.push(to);
      continue;
    }
    const entry = { rule, sources, shape: convertedShape(rule, sources, source, options.window) };
    const stageNorm = renamed.get(to);
    if (!stageNorm) {
      renamed.set(to, entry);
      continue;
    }
    // Only the final norm comes upon a name that is taken.
    const finalWins = options.semantics === 'classification';
    if (finalWins) renamed.set(to, entry);
    const reason = `${to.slice(0, to.lastIndexOf('.'))} is the ${finalWins ? 'final norm' : "last stage's own norm"}`;
    for (const name of finalWins ? stageNorm.sources : sources) ignored.push({ name, reason });
  }
  ignored.push(...leaveBehind(keys, table, found, source.file));
  checkMerging(renamed, depths, found.scheme, source.file);
  const report: SwinImportReport = {
    file: source.file,
    ...found,
    depths,
    renamed: [...renamed].map(([name, entry]) => ({ name, from: entry.sources })),
    resized: resizedTables(renamed, source),
    ignored,
    absent: absent.filter((name) => !renamed.has(name)),
  };
  return present(source, renamed, report);
}

/** Keys without the encoder's prefix -> names in the file. */
function keysWithoutPrefix(source: TensorFile, prefix: string): Map<string, string> {
  const keys = new Map(source.names.map((name) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, name]));
  if (keys.size === source.names.length) return keys;
  throw checkpointError(`keys collide once '${printable(prefix)}' is removed`, {
    file: source.file,
    fix: 'Keep one encoder in the file.',
  });
}

function refuseOtherModels(keys: ReadonlyMap<string, string>, table: RenameTable, prefix: string, file: string): void {
  for (const [key, name] of keys) {
    const refusal = name.startsWith(prefix) ? table.refused.find(({ pattern }) => pattern.test(key)) : undefined;
    if (!refusal) continue;
    const fix = 'Use a Swin V1 checkpoint with relative positions only.';
    throw checkpointError(refusal.reason, { file, tensor: name, fix });
  }
}

/** Blocks of each stage, counted by the first norm of a block. */
function findDepths(keys: ReadonlyMap<string, string>, table: RenameTable, file: string): number[] {
  const marker = table.rules.find((rule) => rule.each === 'block')!.from[0]!;
  const depths: number[] = [];
  for (let s = 0; ; s++) {
    let depth = 0;
    while (keys.has(fillTemplate(marker, { s, b: depth, last: 0 }))) depth++;
    if (depth === 0) break;
    depths.push(depth);
  }
  if (depths.length > 0) return depths;
  throw checkpointError('it has no Swin block', { file, fix: 'Pass `scheme` and `prefix`, or another file.' });
}

/** Every application of every rule to stages and blocks. */
function* instances(
  table: RenameTable,
  depths: readonly number[],
): Generator<{ rule: RenameRule; from: string[]; to: string }> {
  const last = depths.length - 1;
  for (const rule of table.rules) {
    const stages = rule.each === 'once' ? 1 : rule.each === 'merge' ? last : depths.length;
    for (let s = 0; s < stages; s++) {
      for (let b = 0; b < (rule.each === 'block' ? depths[s]! : 1); b++) {
        const at = { s, b, last };
        yield { rule, from: rule.from.map((name) => fillTemplate(name, at)), to: fillTemplate(rule.to, at) };
      }
    }
  }
}

/** Takes a rule's keys out of `keys` and returns their names in the file; null when an optional one is absent. */
function takeKeys(
  keys: Map<string, string>,
  from: readonly string[],
  to: string,
  rule: RenameRule,
  file: string,
): string[] | null {
  const missing = from.filter((key) => !keys.has(key));
  if (missing.length === from.length && rule.optional) return null;
  if (missing.length > 0) {
    throw checkpointError(`it lacks ${missing.join(', ')}, which ${to} needs`, {
      file,
      fix: 'Use a complete Swin V1 checkpoint, with qkv biases and a patch norm.',
      details: { missing },
    });
  }
  return from.map((key) => {
    const name = keys.get(key)!;
    keys.delete(key);
    return name;
  });
}

/** Gives every key that is left a reason, or throws. */
function leaveBehind(
  keys: ReadonlyMap<string, string>,
  table: RenameTable,
  { scheme, prefix }: FoundScheme,
  file: string,
): Ignored[] {
  return [...keys].map(([key, name]) => {
    const reason = table.ignored.find(({ pattern }) => pattern.test(key))?.reason;
    if (reason !== undefined) return { name, reason };
    if (!name.startsWith(prefix)) return { name, reason: `outside of the encoder, whose keys begin with '${prefix}'` };
    throw checkpointError('the rename table does not know this key', {
      file,
      tensor: name,
      fix: `Check that this is a ${scheme} Swin V1 checkpoint, or remove the tensor from the file.`,
    });
  });
}

/** Merging taken from the wrong end of a stage shows in its width. */
function checkMerging(
  renamed: ReadonlyMap<string, Renamed>,
  depths: readonly number[],
  scheme: string,
  file: string,
): void {
  for (let s = 0; s + 1 < depths.length; s++) {
    const width = renamed.get(`encoder.stages.${s}.blocks.0.norm1.gamma`)!.shape[0]!;
    const { shape, sources } = renamed.get(`encoder.stages.${s}.merge.norm.gamma`)!;
    if (shape[0] === 4 * width) continue;
    const reason = `it merges ${shape[0]} channels, stage ${s} gives 4 x ${width}`;
    throw checkpointError(reason, { file, tensor: sources[0]!, fix: `Pass another scheme than '${scheme}'.` });
  }
}

function resizedTables(renamed: ReadonlyMap<string, Renamed>, source: TensorFile): SwinImportReport['resized'] {
  return [...renamed].flatMap(([name, { rule, sources, shape }]) => {
    if (rule.as !== 'relativePosition') return [];
    const from = windowOfTable(source.shape(sources[0]!)[0]!)!;
    const to = windowOfTable(shape[0]!)!;
    return from === to ? [] : [{ name, from, to }];
  });
}

function present(source: TensorFile, renamed: ReadonlyMap<string, Renamed>, report: SwinImportReport): SwinImport {
  const entryOf = (name: string): Renamed => {
    const entry = renamed.get(name);
    if (entry) return entry;
    throw checkpointError('there is no such tensor', { file: source.file, tensor: name, fix: 'Look at `names`.' });
  };
  return {
    file: source.file,
    names: [...renamed.keys()].sort(),
    has: (name) => renamed.has(name),
    shape: (name) => entryOf(name).shape,
    tensor: (name) => convert(entryOf(name), source),
    report,
  };
}
