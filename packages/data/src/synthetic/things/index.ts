import type { Random } from '@glid/base';
import { person } from '../figure/person.ts';
import type { Thing } from '../thing.ts';
import { ball } from './ball.ts';
import { cone } from './cone.ts';
import { crate } from './crate.ts';
import { pillar } from './pillar.ts';
import { ring } from './ring.ts';
import { star } from './star.ts';

/** Every kind of thing, in the order of the data set's labels. */
export const thingMakers: { readonly [label: string]: (random: Random) => Thing } = {
  person,
  ball,
  crate,
  cone,
  pillar,
  star,
  ring,
};
