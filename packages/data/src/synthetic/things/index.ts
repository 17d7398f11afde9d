import type { Random } from '@glid/base';
import { person } from '../figure/person.ts';
import type { Thing } from '../thing.ts';
import { ball } from './ball.ts';
import { cone } from './cone.ts';
import { crate } from './crate.ts';
import { pillar } from './pillar.ts';
import { ring } from './ring.ts';
import { star } from './star.ts';

/** Every kind of thing, in the order of the data set's labels. `hue` colours its coat; people wear what they like. */
export const thingMakers: { readonly [label: string]: (random: Random, hue?: number) => Thing } = {
  person,
  ball,
  crate,
  cone,
  pillar,
  star,
  ring,
};

const kinds = Object.keys(thingMakers);

/** The hue that a kind of thing has where colours tell them apart. */
export function hueOf(label: string): number {
  return kinds.indexOf(label) / kinds.length;
}
