import { GlidError } from '@glid/base';
import type { HostArray, ParameterSpec, ParameterSpecs } from '@glid/head-kit';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { CheckpointHead, CheckpointMetadata } from '../checkpoint/metadata.ts';
import { checkpointError } from '../checkpoint-error.ts';
import type { TensorFile } from '../safetensors/read.ts';
import { checkHeads } from './check-heads.ts';
import { formatLoadReport, type LoadReport, type ResizedTable, type ShapeMismatch } from './load-report.ts';
import { type LabelMatch, matchLabels, mergeRows } from './match-labels.ts';
import { otherWindow, resizedTable } from './resize-tables.ts';

/** What loading must know of a head in the model; a `HeadV1` will do. */
export interface ModelHead {
  readonly id: string;
  readonly version: string;
  readonly labels: readonly string[];
  /** The factory's `migrateParameterName`, for checkpoints written by an older release of the head. */
  readonly migrateParameterName?: (name: string, fromVersion: string) => string | null;
}

/** The receiving side. */
export interface ParameterTable {
  readonly specs: ParameterSpecs;
  /** The present values; read only where rows of a class axis stay as they are. */
  readonly current: Readonly<Record<string, Tensor | HostArray>>;
  /** By head key: parameters of a head are named `heads.<key>.…`. */
  readonly heads: Readonly<Record<string, ModelHead>>;
}

/** A checkpoint, or anything else with tensors: `loadWeights` and `importSwin` both give one. */
export interface ParameterFile extends TensorFile {
  readonly about?: CheckpointMetadata | null;
}

export interface LoadParametersOptions {
  /**
   * Name prefixes of whole segments: `encoder`, `neck`, `decoder`, `queries`, `heads`, `pretrain`, or narrower, `heads.boxes`.
   * Everything when absent. A group that the file does not have is an error.
   */
  readonly groups?: readonly string[];
  /** `error` (default) throws `GLID_CHECKPOINT_SHAPE` on the first pass over all names; `skip` leaves such parameters alone. */
  readonly mismatch?: 'error' | 'skip';
}

export interface LoadedParameters {
  /** New values of the parameters in `report.loaded`, row-major, in the model's shapes. */
  readonly values: ReadonlyMap<string, HostArray>;
  readonly report: LoadReport;
  /** The report for people. */
  readonly text: string;
}

/**
 * Takes from a file what fits a model. Names must be equal; a parameter with a `labelAxis` takes the rows of the labels that both sides
 * know by NAME, rows after the labels are carried over, and the other rows keep their present values. Relative-position tables of another
 * window are interpolated, as `importSwin` does.
 *
 * Throws `GLID_CHECKPOINT_HEAD_UNKNOWN` when a requested head of the file is not in the model, `GLID_CHECKPOINT_SHAPE` when shapes differ
 * elsewhere, `GLID_CHECKPOINT` when a requested group is not in the file.
 */
export async function loadParameters(
  model: ParameterTable,
  file: ParameterFile,
  options: LoadParametersOptions = {},
): Promise<LoadedParameters> {
  const fileHeads = file.about?.heads ?? [];
  const wanted = (name: string): boolean => isInGroups(name, options.groups);
  checkGroups(file, options.groups);
  checkHeads(
    fileHeads.filter(({ key }) => wanted(`heads.${key}`)),
    model.heads,
    file.file,
  );
  const fileNames = migratedNames(file, fileHeads, model.heads);

  const values = new Map<string, HostArray>();
  const mismatched: ShapeMismatch[] = [];
  const resized: ResizedTable[] = [];
  const labels: Record<string, LabelMatch> = Object.create(null) as Record<string, LabelMatch>;
  for (const [name, spec] of Object.entries(model.specs)) {
    const fileName = fileNames.get(name);
    if (fileName === undefined || !wanted(name)) continue;
    const fileShape = file.shape(fileName);
    const key = spec.labelAxis === undefined ? undefined : headKeyOf(name);
    const match = key === undefined ? undefined : matchAxis(spec, fileShape, model.heads[key], headOf(fileHeads, key));
    const window = otherWindow(name, fileShape, spec.shape);
    if (window) {
      values.set(name, resizedTable(floatsOf(file, fileName), window, spec.shape));
      resized.push({ name, ...window });
      continue;
    }
    if (match === null || (match === undefined && fileShape.join() !== spec.shape.join())) {
      mismatched.push({ name, fileShape, modelShape: spec.shape, labelAxis: match === null });
      continue;
    }
    values.set(name, await valuesFor(name, spec, file, fileName, match, model.current));
    if (match && key !== undefined) labels[key] = match;
  }
  const used = new Set([...values.keys()].map((name) => fileNames.get(name)!));
  const report: LoadReport = {
    file: file.file,
    loaded: [...values.keys()],
    initialised: Object.keys(model.specs).filter((name) => !values.has(name)),
    leftOver: file.names.filter((name) => !used.has(name)),
    mismatched,
    resized,
    labels: Object.fromEntries(
      Object.entries(labels).map(([key, { kept, added, dropped }]) => [key, { kept, added, dropped }]),
    ),
  };
  const text = formatLoadReport(report);
  if (mismatched.length > 0 && options.mismatch !== 'skip') throw shapeError(report, text);
  return { values, report, text };
}

function isInGroups(name: string, groups: readonly string[] | undefined): boolean {
  return !groups || groups.some((group) => name === group || name.startsWith(`${group}.`));
}

function checkGroups(file: TensorFile, groups: readonly string[] | undefined): void {
  for (const group of groups ?? []) {
    if (file.names.some((name) => isInGroups(name, [group]))) continue;
    const held = [...new Set(file.names.map((name) => name.split('.')[0]))].join(', ');
    throw checkpointError(`it has no tensor of the group '${group}'`, {
      file: file.file,
      fix: `Ask for what it has: ${held}.`,
      details: { group },
    });
  }
}

/** The model's name of each tensor -> its name in the file, after the heads' own migrations. */
function migratedNames(
  file: TensorFile,
  fileHeads: readonly CheckpointHead[],
  heads: ParameterTable['heads'],
): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of file.names) {
    const key = headKeyOf(name);
    const from = key === undefined ? undefined : headOf(fileHeads, key);
    const to = key !== undefined && Object.hasOwn(heads, key) ? heads[key] : undefined;
    if (!from || !to?.migrateParameterName || from.version === to.version) {
      names.set(name, name);
      continue;
    }
    const prefix = `heads.${key}.`;
    const migrated = to.migrateParameterName(name.slice(prefix.length), from.version);
    if (migrated !== null) names.set(prefix + migrated, name);
  }
  return names;
}

function headKeyOf(name: string): string | undefined {
  const [group, key, rest] = name.split('.');
  return group === 'heads' && rest !== undefined ? key : undefined;
}

function headOf(heads: readonly CheckpointHead[], key: string): CheckpointHead | undefined {
  return heads.find((head) => head.key === key);
}

/** Rows by label name; null when the shapes differ elsewhere, or the lengths do not fit the label lists. */
function matchAxis(
  spec: ParameterSpec,
  fileShape: readonly number[],
  modelHead: ModelHead | undefined,
  fileHead: CheckpointHead | undefined,
): LabelMatch | null {
  const axis = spec.labelAxis!;
  const others = (shape: readonly number[]): string => shape.filter((_, i) => i !== axis).join();
  if (fileShape.length !== spec.shape.length || others(fileShape) !== others(spec.shape)) return null;
  if (!modelHead || !fileHead) return null;
  return matchLabels(modelHead.labels, fileHead.labels, spec.shape[axis]!, fileShape[axis]!);
}

function floatsOf(file: TensorFile, name: string): Float32Array {
  const { data } = file.tensor(name);
  if (data instanceof Float32Array) return data;
  throw checkpointError('it holds integers, the parameter is a float', {
    file: file.file,
    tensor: name,
    fix: 'Store it as F32, F16 or BF16.',
  });
}

async function valuesFor(
  name: string,
  spec: ParameterSpec,
  file: TensorFile,
  fileName: string,
  match: LabelMatch | undefined,
  current: ParameterTable['current'],
): Promise<HostArray> {
  const values = floatsOf(file, fileName);
  const isIdentity = !match || (match.dropped.length === 0 && match.rows.every((from, row) => from === row));
  if (isIdentity) return { data: values, shape: spec.shape };
  const present = current[name];
  if (!present) {
    throw new GlidError('GLID_USAGE', `The present values of '${name}' are needed to match its class rows.`, {
      fix: 'Pass every parameter in `current`.',
      details: { name },
    });
  }
  const data = 'dataId' in present ? await present.data() : present.data;
  const axis = spec.labelAxis!;
  const fileRows = file.shape(fileName)[axis]!;
  return {
    data: mergeRows(data as Float32Array, values, spec.shape, axis, fileRows, match.rows),
    shape: spec.shape,
  };
}

function shapeError(report: LoadReport, text: string): GlidError {
  const { name, fileShape, modelShape } = report.mismatched[0]!;
  const more = report.mismatched.length > 1 ? ` (and ${report.mismatched.length - 1} more)` : '';
  return new GlidError(
    'GLID_CHECKPOINT_SHAPE',
    `${report.file}: '${name}' is [${fileShape.join(', ')}] in the file and [${modelShape.join(', ')}] in the model${more}.`,
    {
      fix: "Build the model with the checkpoint's configuration, load other groups, or pass mismatch: 'skip'.",
      details: { file: report.file, mismatched: report.mismatched, report: text },
    },
  );
}
