import type { DataPlace } from '../data-error.ts';
import { dataError } from '../data-error.ts';

/** A JSON object whose fields are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

function wrong(value: unknown, place: DataPlace, expected: string): never {
  const got = value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 60) ?? typeof value);
  throw dataError(
    { ...place, expected, got },
    `Expected ${expected}, got ${got}.`,
    'Correct the file, or check that it is of the kind that is read here.',
  );
}

export function objectAt(value: unknown, place: DataPlace): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong(value, place, 'an object');
  return value as JsonObject;
}

export function listAt(value: unknown, place: DataPlace): readonly unknown[] {
  if (!Array.isArray(value)) wrong(value, place, 'a list');
  return value;
}

export function textAt(value: unknown, place: DataPlace): string {
  return typeof value === 'string' ? value : wrong(value, place, 'a text');
}

export function finiteAt(value: unknown, place: DataPlace): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : wrong(value, place, 'a finite number');
}

export function integerAt(value: unknown, place: DataPlace, least: number = Number.MIN_SAFE_INTEGER): number {
  const ok = typeof value === 'number' && Number.isInteger(value) && value >= least;
  return ok ? value : wrong(value, place, least > -1 ? `a whole number of at least ${least}` : 'a whole number');
}

export function imageIdAt(value: unknown, place: DataPlace): number | string {
  return typeof value === 'string' ? value : integerAt(value, place);
}

/** 0, 1, true, false; what is left out is false. */
export function flagAt(value: unknown, place: DataPlace): boolean {
  if (value === undefined) return false;
  return value === 0 || value === 1 || typeof value === 'boolean' ? Boolean(value) : wrong(value, place, '0 or 1');
}

/** Throws `GLID_DATA` for an id that was there before, else remembers it. */
export function newIdAt<T>(id: T, seen: Set<T>, place: DataPlace): T {
  if (seen.has(id)) throw dataError({ ...place, got: id }, `The id ${id} appears twice.`, 'Make ids unique.');
  seen.add(id);
  return id;
}

/** Throws `GLID_DATA` for an id that the ground truth does not have. */
export function knownIdAt<T>(id: T, known: { has(id: T): boolean }, place: DataPlace, what: string): T {
  if (known.has(id)) return id;
  throw dataError(
    { ...place, got: id },
    `There is no ${what} ${id}.`,
    `Use the ids of the ground truth's own ${what} list.`,
  );
}
