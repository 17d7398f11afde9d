import { sinePoints } from '@glid/ops';
import { concat, reshape, type Tensor, type Tensor3D, tile, zeros } from '@tensorflow/tfjs-core';
import type { Queries } from '../decoder/decode.ts';
import { type ParameterRecord, parameter } from '../parameters/records.ts';
import { resident } from '../parameters/resident.ts';
import type { MaskDraw } from './mask-draw.ts';

/**
 * `[CLS, M_1 … M_N]`: every M_i is the mask token, placed by the sine code of its unit's centre; CLS has no place.
 * `content` and `position` `[B, 1 + N, C]`.
 */
export function maskQueries(parameters: ParameterRecord, { units, hidden, count }: MaskDraw): Queries {
  const [batch, rows, columns] = units.shape;
  const cls = parameter(parameters, 'queries.cls');
  const width = cls.shape[0]!;
  const once = (token: Tensor): Tensor3D => reshape(token, [1, 1, width]);
  const mask = tile(once(parameter(parameters, 'queries.maskToken')), [1, count, 1]);
  const content = concat([once(cls), mask], 1) as Tensor3D;
  const centres = new Float32Array(hidden.length * 2);
  hidden.forEach((position, i) => {
    centres[2 * i] = ((position % columns) + 0.5) / columns;
    centres[2 * i + 1] = (Math.floor(position / columns) + 0.5) / rows;
  });
  const places = sinePoints(resident(centres, [batch, count, 2]), width) as Tensor3D;
  return { content: tile(content, [batch, 1, 1]), position: concat([zeros([batch, 1, width]), places], 1) as Tensor3D };
}
