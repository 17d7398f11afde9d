import { type Dataset, GlidError, type RgbImage } from '@glid/base';
import { prefetch } from '../loader/prefetch.ts';
import { checkMaps } from './check-maps.ts';
import { checkObject } from './check-objects.ts';
import type { DataIssue, IssueKind, Report } from './issue.ts';

export interface CheckOptions {
  /** Other splits of the same data: pictures that occur in them too are reported. */
  readonly against?: readonly Dataset[];
  /** Looks only at this many records, evenly spread. Default all. */
  readonly limit?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Plain data: `JSON.stringify` gives the machine's report, `formatReport` the human one. */
export interface DatasetReport {
  readonly dataset: string;
  readonly records: number;
  readonly checked: number;
  readonly issues: readonly DataIssue[];
  /** Number of objects by label, in the order of the labels. */
  readonly objects: { readonly [label: string]: number };
  /** Number of pixels by semantic label. */
  readonly pixels: { readonly [label: string]: number };
  /** Smallest and largest picture sides found. */
  readonly sides: { readonly shortest: number; readonly longest: number } | null;
  /** True without errors; warnings are allowed. */
  readonly sound: boolean;
}

/**
 * Reads every record and looks for what spoils training: unreadable pictures, wrong sizes, boxes outside, empty boxes and
 * masks, unknown labels, equal ids, equal pictures within the set and between splits (by SHA-256 of the decoded pixels),
 * labels that never occur. Throws `GLID_ABORTED` when the signal fires.
 */
export async function checkDataset(dataset: Dataset, options: CheckOptions = {}): Promise<DatasetReport> {
  const issues: DataIssue[] = [];
  const ids = new Set<string>();
  const hashes = new Map<string, string>();
  const objects = new Map(dataset.labels.map((label) => [label, 0]));
  const pixels = new Map((dataset.semanticLabels ?? []).map((label) => [label, 0]));
  const sides = { shortest: Number.POSITIVE_INFINITY, longest: 0 };
  const indices = spread(dataset.length, options.limit);
  let done = 0;
  const visits = prefetch(indices.length, 3, async (k) => {
    throwIfAborted(options.signal);
    return visit(dataset, indices[k]!, objects, pixels);
  });
  for await (const found of visits) {
    issues.push(...found.issues);
    const add = (kind: IssueKind, severity: DataIssue['severity'], message: string): void => {
      issues.push({ kind, severity, record: found.id, source: found.source, message });
    };
    if (ids.has(found.id)) add('duplicate-id', 'error', 'another record has the same id.');
    ids.add(found.id);
    if (found.image) {
      sides.shortest = Math.min(sides.shortest, found.image.width, found.image.height);
      sides.longest = Math.max(sides.longest, found.image.width, found.image.height);
      const twin = hashes.get(found.hash);
      if (twin !== undefined) add('duplicate-picture', 'warning', `the picture is that of record '${twin}'.`);
      hashes.set(found.hash, twin ?? found.id);
    }
    options.onProgress?.(++done, indices.length);
  }
  for (const other of options.against ?? []) issues.push(...(await sharedPictures(other, hashes, options)));
  if (indices.length === dataset.length) issues.push(...unused('object', objects), ...unused('semantic', pixels));
  return {
    dataset: dataset.name,
    records: dataset.length,
    checked: indices.length,
    issues,
    objects: Object.fromEntries(objects),
    pixels: Object.fromEntries(pixels),
    sides: sides.longest > 0 ? sides : null,
    sound: !issues.some(({ severity }) => severity === 'error'),
  };
}

interface Visit {
  readonly id: string;
  readonly source: string;
  readonly image: RgbImage | null;
  readonly hash: string;
  readonly issues: readonly DataIssue[];
}

async function visit(
  dataset: Dataset,
  index: number,
  objects: Map<string, number>,
  pixels: Map<string, number>,
): Promise<Visit> {
  const issues: DataIssue[] = [];
  let id = `#${index}`;
  let source = dataset.name;
  let image: RgbImage | null = null;
  const report: Report = (kind, severity, message) => issues.push({ kind, severity, record: id, source, message });
  try {
    const record = await dataset.get(index);
    ({ id, source } = record);
    image = await record.image();
    for (const [k, object] of (record.objects ?? []).entries()) {
      if (objects.has(object.label)) objects.set(object.label, objects.get(object.label)! + 1);
      checkObject(object, k, image, dataset, report);
    }
    await checkMaps(record, image, dataset, report, pixels);
  } catch (error) {
    if (!GlidError.isInstance(error)) throw error;
    report('unreadable', 'error', error.message);
  }
  return { id, source, image, hash: image ? await pictureHash(image) : '', issues };
}

async function sharedPictures(
  other: Dataset,
  hashes: ReadonlyMap<string, string>,
  options: CheckOptions,
): Promise<DataIssue[]> {
  const issues: DataIssue[] = [];
  for (let i = 0; i < other.length; i++) {
    throwIfAborted(options.signal);
    try {
      const record = await other.get(i);
      const twin = hashes.get(await pictureHash(await record.image()));
      if (twin === undefined) continue;
      const message = `the picture is also in '${other.name}', record '${record.id}'.`;
      issues.push({ kind: 'shared-picture', severity: 'error', record: twin, source: record.source, message });
    } catch (error) {
      // What the other split cannot read is that split's own report.
      if (!GlidError.isInstance(error)) throw error;
    }
  }
  return issues;
}

async function pictureHash({ width, height, data }: RgbImage): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', data as Uint8Array<ArrayBuffer>);
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${width}x${height}:${hex}`;
}

function unused(kind: string, counts: ReadonlyMap<string, number>): DataIssue[] {
  const labels = [...counts].filter(([, count]) => count === 0).map(([label]) => label);
  if (labels.length === 0) return [];
  return [
    { kind: 'unused-label', severity: 'warning', message: `${kind} labels that never occur: ${labels.join(', ')}.` },
  ];
}

/** Evenly spread indices. */
function spread(length: number, limit = length): number[] {
  const count = Math.min(length, Math.max(0, Math.floor(limit)));
  return Array.from({ length: count }, (_, k) => Math.floor((k * length) / count));
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new GlidError('GLID_ABORTED', 'Checking was aborted.', { fix: 'Start again.', cause: signal.reason });
}
