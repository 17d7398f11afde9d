import type { ConfigSchema } from '../config/define-config.ts';
import { resolveConfig } from '../config/resolve-config.ts';
import type { AnyHead, HeadContext, HeadFactory, HeadV1, RawOutputs } from '../spec/head.ts';
import type { ParameterSpecs } from '../spec/parameters.ts';
import type { Json, StandardSchemaV1 } from '../spec/schema.ts';
import type { TargetFields } from '../spec/targets.ts';

type Identity = 'specificationVersion' | 'id' | 'version' | 'task' | 'config';

/** A head without what `defineHead` fills in: identity and configuration. Annotate what `build` returns with it. */
export type HeadBody<
  Specs extends ParameterSpecs = ParameterSpecs,
  Raw extends RawOutputs = RawOutputs,
  Fields extends TargetFields = TargetFields,
  Assignment = unknown,
  Result = unknown,
  Options extends object = object,
> = Omit<HeadV1<object, Specs, Raw, Fields, Assignment, Result, Options>, Identity>;

type AnyBody = Omit<AnyHead, Identity>;

/** The head that a definition builds: its body, with identity and resolved configuration. */
export type DefinedHead<Config extends object, Body extends AnyBody> = Body & {
  readonly specificationVersion: 'v1';
  readonly id: string;
  readonly version: string;
  readonly task: string;
  readonly config: Readonly<Config>;
};

export interface HeadDefinition<Config extends object, Input, Body extends AnyBody> {
  /** npm package name; the key in checkpoints. */
  readonly id: string;
  /** Version of that package (semver). */
  readonly version: string;
  /** `object-detection`, `depth-estimation`, … or a word of your own. */
  readonly task: string;
  /** From `defineConfig`, or any synchronous Standard Schema (zod, valibot, arktype) that refuses unknown keys. */
  readonly config:
    | ConfigSchema<Config, Input>
    | (StandardSchemaV1<unknown, Config> & { readonly '~input'?: (input: Input) => void });
  /** Makes the head. Pure; called once a model with the validated, completed, frozen configuration. */
  build(config: Config, context: HeadContext): Body;
  migrateConfig?(config: Json, fromVersion: string): Json;
  migrateParameterName?(name: string, fromVersion: string): string | null;
}

/**
 * Turns a definition into the factory that a head package exports.
 * The factory validates and completes the configuration first: `GLID_CONFIG` names the path of what is wrong.
 */
export function defineHead<Config extends object, Body extends AnyBody, Input = Partial<Config>>(
  definition: HeadDefinition<Config, Input, Body>,
): HeadFactory<Config, DefinedHead<Config, Body>, Input> {
  const { id, version, task, config: configSchema, build, migrateConfig, migrateParameterName } = definition;
  const create = (input: Input, context: HeadContext): DefinedHead<Config, Body> => {
    const config = resolveConfig(configSchema, input, id);
    return { ...build(config, context), specificationVersion: 'v1', id, version, task, config };
  };
  return Object.assign(create, {
    id,
    specificationVersion: 'v1' as const,
    configSchema,
    ...(migrateConfig ? { migrateConfig } : {}),
    ...(migrateParameterName ? { migrateParameterName } : {}),
  });
}
