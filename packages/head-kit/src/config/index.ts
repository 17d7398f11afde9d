import { object } from './define-config.ts';
import { boolean, integer, labels, list, nullable, number, oneOf, text } from './fields.ts';

export type { ConfigFields, ConfigInput, ConfigOf, ConfigRule, ConfigSchema } from './define-config.ts';
export { defineConfig } from './define-config.ts';
export type { ConfigField, FieldOptions } from './field.ts';
export type { ListOptions, NumberOptions, TextOptions } from './fields.ts';
export { formatPath, resolveConfig } from './resolve-config.ts';

/** The kinds of values a configuration is made of. */
export const field: {
  readonly number: typeof number;
  readonly integer: typeof integer;
  readonly text: typeof text;
  readonly boolean: typeof boolean;
  readonly oneOf: typeof oneOf;
  readonly list: typeof list;
  readonly labels: typeof labels;
  readonly nullable: typeof nullable;
  readonly object: typeof object;
} = { number, integer, text, boolean, oneOf, list, labels, nullable, object };
