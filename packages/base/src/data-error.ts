import { GlidError } from './errors.ts';

/** Where bad data was met: whatever of file (`source`), record (`id`) and `field` is known, plus what was found. */
export interface DataPlace {
  readonly source?: string | undefined;
  readonly id?: number | string | undefined;
  readonly field?: string | undefined;
  readonly [fact: string]: unknown;
}

/** A `GLID_DATA` error whose message names the place: "<source>: record <id>, field '<field>': <what> <fix>". */
export function dataError(place: DataPlace, what: string, fix: string): GlidError {
  const record = place.id === undefined ? '' : `record ${JSON.stringify(place.id)}`;
  const field = place.field === undefined ? '' : `field '${place.field}'`;
  const inside = [record, field].filter(Boolean).join(', ');
  const where = [place.source ?? '', inside].filter(Boolean).join(': ');
  return new GlidError('GLID_DATA', where === '' ? what : `${where}: ${what}`, { fix, details: { ...place } });
}

/** A text that ends as a sentence does: with a full stop, unless it has an end already. For messages that quote other messages. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A value of any kind as an error's text names it (`${value}` throws for objects whose `toString` is no function). */
export function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
