import type { Json, StandardIssue, StandardSchemaV1 } from '../spec/schema.ts';
import { type ConfigField, found, type Path } from './field.ts';
import { nearestWord } from './spelling.ts';

// biome-ignore lint/suspicious/noExplicitAny: a table of fields of any value
export type ConfigFields = { readonly [name: string]: ConfigField<any, boolean, any> };

/** The resolved configuration that a table of fields describes. */
export type ConfigOf<F extends ConfigFields> = {
  readonly [K in keyof F]: F[K] extends ConfigField<infer Value, boolean, infer _> ? Value : never;
};

type OptionalKeys<F extends ConfigFields> = {
  [K in keyof F]: F[K]['optional'] extends true ? K : never;
}[keyof F];

type InputOf<Field> = Field extends { readonly '~input'?: infer Input } ? Exclude<Input, undefined> : never;

/** What a user may write: fields with a default may be left out. */
export type ConfigInput<F extends ConfigFields> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: InputOf<F[K]>;
} & { readonly [K in OptionalKeys<F>]?: InputOf<F[K]> };

/** A synchronous Standard Schema that can also describe itself as JSON Schema. */
export interface ConfigSchema<Config, Input = Config> extends StandardSchemaV1<unknown, Config> {
  /** JSON Schema, draft 2020-12, for `--help`, editors and forms. */
  jsonSchema(): { readonly [key: string]: Json };
  /** Never called: carries the type of what a user writes. */
  readonly '~input'?: (input: Input) => void;
}

/** A rule between fields: the problems it finds, each with the path of the field to change. */
export type ConfigRule<Config> = (config: Config) => readonly StandardIssue[];

/**
 * A configuration: a table of fields, and rules between them. Defaults are filled in; unknown keys are refused with the
 * spelling that was probably meant.
 *
 * @example defineConfig({ bins: field.integer({ min: 2, default: 64 }), labels: field.labels() })
 */
export function defineConfig<const F extends ConfigFields>(
  fields: F,
  rule?: ConfigRule<ConfigOf<F>>,
): ConfigSchema<ConfigOf<F>, ConfigInput<F>> {
  return {
    '~standard': {
      version: 1,
      vendor: 'glid',
      validate: (value) => {
        const issues: StandardIssue[] = [];
        const config = readObject(fields, value, [], issues) as ConfigOf<F>;
        if (issues.length === 0 && rule) issues.push(...rule(config));
        return issues.length > 0 ? { issues } : { value: config };
      },
    },
    jsonSchema: () => ({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      ...objectSchema(fields),
    }),
  };
}

/** A nested table of fields. When every inner field has a default, the whole may be left out. */
export function object<const F extends ConfigFields>(
  fields: F,
): ConfigField<ConfigOf<F>, Exclude<keyof F, OptionalKeys<F>> extends never ? true : false, ConfigInput<F>> {
  const names = Object.keys(fields);
  const optional = names.every((name) => fields[name]!.optional);
  return {
    optional: optional as Exclude<keyof F, OptionalKeys<F>> extends never ? true : false,
    ...(optional ? { fallback: readObject(fields, {}, [], []) as ConfigOf<F> } : {}),
    read: (value, path, issues) => readObject(fields, value, path, issues) as ConfigOf<F>,
    jsonSchema: () => objectSchema(fields),
  };
}

function readObject(
  fields: ConfigFields,
  value: unknown,
  path: Path,
  issues: StandardIssue[],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    issues.push({ message: `must be an object, got ${found(value)}`, path });
    return {};
  }
  const given = value as Record<string, unknown>;
  const names = Object.keys(fields);
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(fields, key)) continue;
    const meant = nearestWord(key, names);
    issues.push({
      message: `is not a known key${meant ? `; did you mean "${meant}"?` : ` (known: ${names.join(', ')})`}`,
      path: [...path, key],
    });
  }
  const config: Record<string, unknown> = {};
  for (const name of names) {
    const one = fields[name]!;
    const at = [...path, name];
    if (given[name] !== undefined) config[name] = one.read(given[name], at, issues);
    else if (one.optional) config[name] = one.fallback;
    else issues.push({ message: 'is required', path: at });
  }
  return config;
}

function objectSchema(fields: ConfigFields): { readonly [key: string]: Json } {
  const required = Object.keys(fields).filter((name) => !fields[name]!.optional);
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, one.jsonSchema()])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}
