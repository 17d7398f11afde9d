export type { Shape2D } from './drawing.ts';
export type {
  AnyHead,
  HeadContext,
  HeadFactory,
  HeadInputs,
  HeadV1,
  LossContext,
  LossTerms,
  QuerySpec,
  RawOutputs,
  ResultOf,
} from './head.ts';
export type { ImageMeta } from './image-meta.ts';
export type { MetricAccumulator, MetricSample } from './metrics.ts';
export type { Initializer, ParameterSpec, ParameterSpecs, Parameters } from './parameters.ts';
export type { Json, StandardIssue, StandardResult, StandardSchemaV1 } from './schema.ts';
export type { HostArray, TargetField, TargetFields, TargetOf } from './targets.ts';
