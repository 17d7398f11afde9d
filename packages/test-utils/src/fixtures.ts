import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Reference data that lies beside a checkout and is never copied into it. `GLID_SHARED` points elsewhere. */
export const sharedDirectory: string =
  process.env.GLID_SHARED || resolve(dirname(fileURLToPath(import.meta.url)), '../../../../shared');

export const hasShared: boolean = existsSync(join(sharedDirectory, 'fixtures'));

/** The reason that tests print when they are skipped; `npm run check` counts them and CI forbids them. */
export const withoutShared = 'needs ../shared (reference numbers and pictures), which is absent';

export function sharedPath(...parts: string[]): string {
  return join(sharedDirectory, ...parts);
}

export function readSharedJson<T = unknown>(...parts: string[]): T {
  return JSON.parse(readFileSync(sharedPath(...parts), 'utf8')) as T;
}

export interface FixtureTensor {
  readonly name: string;
  readonly dtype: 'F32' | 'I32' | 'U8';
  readonly shape: readonly number[];
  readonly role: 'input' | 'param' | 'output' | 'grad';
  readonly data: Float32Array | Int32Array | Uint8Array;
  /** What the same code gives in float32, i.e. the noise of a correct implementation. */
  readonly f32Error: number;
  readonly absMax: number;
}

export interface Fixture {
  readonly note: string;
  // biome-ignore lint/suspicious/noExplicitAny: fixtures are free-form
  readonly config: any;
  // biome-ignore lint/suspicious/noExplicitAny: fixtures are free-form
  readonly manifest: any;
  readonly scalars: Readonly<Record<string, { readonly value: number; readonly f32?: number }>>;
  readonly names: readonly string[];
  /** Throws when the case has no tensor of that name. */
  tensor(name: string): FixtureTensor;
  has(name: string): boolean;
}

interface ManifestTensor {
  name: string;
  dtype: 'F32' | 'I32' | 'U8';
  shape: number[];
  role: FixtureTensor['role'];
  file: string;
  byte_offset: number;
  nbytes: number;
  f32_err?: number;
  abs_max?: number;
}

/** Reads one case of ../shared/fixtures/numerics. */
export function loadFixture(group: string, name: string): Fixture {
  const folder = sharedPath('fixtures', 'numerics', group);
  const manifest = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  const files = new Map<string, Buffer>();
  const table = new Map<string, ManifestTensor>((manifest.tensors ?? []).map((t: ManifestTensor) => [t.name, t]));
  return {
    note: manifest.note ?? '',
    config: manifest.config ?? {},
    manifest,
    scalars: manifest.scalars ?? {},
    names: [...table.keys()],
    has: (tensor) => table.has(tensor),
    tensor(tensor) {
      const entry = table.get(tensor);
      if (!entry) throw new Error(`${group}/${name} has no tensor '${tensor}'; it has ${[...table.keys()].join(', ')}`);
      if (!files.has(entry.file)) files.set(entry.file, readFileSync(join(folder, entry.file)));
      const bytes = files.get(entry.file)!.subarray(entry.byte_offset, entry.byte_offset + entry.nbytes);
      const copy = new Uint8Array(bytes).buffer;
      const data =
        entry.dtype === 'F32'
          ? new Float32Array(copy)
          : entry.dtype === 'I32'
            ? new Int32Array(copy)
            : new Uint8Array(copy);
      return {
        name: entry.name,
        dtype: entry.dtype,
        shape: entry.shape,
        role: entry.role,
        data,
        f32Error: entry.f32_err ?? 0,
        absMax: entry.abs_max ?? 0,
      };
    },
  };
}
