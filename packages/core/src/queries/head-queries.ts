import type { ParameterSpecs, QuerySpec } from '@glid/head-kit';
import { add, reshape, type Tensor3D, tile } from '@tensorflow/tfjs-core';
import type { Queries } from '../decoder/decode.ts';
import { smallNormal } from '../parameters/layers.ts';
import { type ParameterRecord, parameter } from '../parameters/records.ts';

/** The CLS query, `[C]`: the seed of every task's queries. */
export function clsSpecs(width: number): ParameterSpecs {
  return { 'queries.cls': { shape: [width], init: smallNormal, decay: false } };
}

/** The embeddings e_i `[M, C]` of one head: zeros unless the head says otherwise. Never decayed: that would undo what tells queries apart. */
export function headQuerySpecs(key: string, queries: QuerySpec, width: number): ParameterSpecs {
  const { count, embedding: init = { kind: 'zeros' }, lrMultiplier = 1, perLabel } = queries;
  const axis = perLabel ? { labelAxis: 0 } : {};
  return { [`queries.${key}.embedding`]: { shape: [count, width], init, decay: false, lrMultiplier, ...axis } };
}

/**
 * The queries of a head: `q_i = CLS + e_i` (GLID eq. 3), or `q_i = e_i` when the head asks for `learned` ones. The embedding is
 * the content's own part and the position. `[B, M, C]`
 */
export function headQueries(parameters: ParameterRecord, key: string, queries: QuerySpec, batch: number): Queries {
  const embedding = parameter(parameters, `queries.${key}.embedding`);
  const position = reshape(embedding, [1, ...(embedding.shape as [number, number])]) as Tensor3D;
  const content = queries.init === 'cls' ? add(position, parameter(parameters, 'queries.cls')) : position;
  return { content: batch === 1 ? (content as Tensor3D) : (tile(content, [batch, 1, 1]) as Tensor3D), position };
}
