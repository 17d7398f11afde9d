import type { Json, StandardIssue } from '../spec/schema.ts';
import { type ConfigField, type FieldOptions, found, type HasDefault, makeField, type Path } from './field.ts';

export interface NumberOptions extends FieldOptions<number> {
  readonly min?: number;
  readonly max?: number;
  /** The bounds themselves are refused. */
  readonly exclusive?: boolean;
}

export interface TextOptions extends FieldOptions<string> {
  readonly minLength?: number;
}

export interface ListOptions<Item> extends FieldOptions<readonly Item[]> {
  readonly minLength?: number;
  readonly maxLength?: number;
  /** No two items may be equal (as JSON). */
  readonly distinct?: boolean;
}

function numeric<const O extends NumberOptions>(whole: boolean, options?: O): ConfigField<number, HasDefault<O>> {
  const { min, max, exclusive = false } = options ?? {};
  const kind = whole ? 'an integer' : 'a number';
  const bounds = [
    min === undefined ? '' : `${exclusive ? 'above' : 'at least'} ${min}`,
    max === undefined ? '' : `${exclusive ? 'below' : 'at most'} ${max}`,
  ].filter(Boolean);
  const wanted = [kind, bounds.join(' and ')].filter(Boolean).join(' ');
  return makeField<number, O>(
    options,
    (value, path, issues) => {
      const ok =
        typeof value === 'number' &&
        (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
        (min === undefined || (exclusive ? value > min : value >= min)) &&
        (max === undefined || (exclusive ? value < max : value <= max));
      if (!ok) issues.push({ message: `must be ${wanted}, got ${found(value)}`, path });
      return value as number;
    },
    {
      type: whole ? 'integer' : 'number',
      ...(min === undefined ? {} : { [exclusive ? 'exclusiveMinimum' : 'minimum']: min }),
      ...(max === undefined ? {} : { [exclusive ? 'exclusiveMaximum' : 'maximum']: max }),
    },
  );
}

/** A finite number. */
export function number<const O extends NumberOptions>(options?: O): ConfigField<number, HasDefault<O>> {
  return numeric(false, options);
}

/** A whole number. */
export function integer<const O extends NumberOptions>(options?: O): ConfigField<number, HasDefault<O>> {
  return numeric(true, options);
}

/** A string. */
export function text<const O extends TextOptions>(options?: O): ConfigField<string, HasDefault<O>> {
  const minLength = options?.minLength ?? 0;
  return makeField<string, O>(
    options,
    (value, path, issues) => {
      if (typeof value !== 'string' || value.length < minLength) {
        issues.push({
          message: `must be a string${minLength ? ` of at least ${minLength} characters` : ''}, got ${found(value)}`,
          path,
        });
      }
      return value as string;
    },
    { type: 'string', ...(minLength ? { minLength } : {}) },
  );
}

/** True or false. */
export function boolean<const O extends FieldOptions<boolean>>(options?: O): ConfigField<boolean, HasDefault<O>> {
  return makeField<boolean, O>(
    options,
    (value, path, issues) => {
      if (typeof value !== 'boolean') issues.push({ message: `must be true or false, got ${found(value)}`, path });
      return value as boolean;
    },
    { type: 'boolean' },
  );
}

/** One of the given words or numbers. */
export function oneOf<const V extends string | number, const O extends FieldOptions<V>>(
  values: readonly V[],
  options?: O,
): ConfigField<V, HasDefault<O>> {
  return makeField<V, O>(
    options,
    (value, path, issues) => {
      if (!values.includes(value as V)) {
        issues.push({ message: `must be one of ${values.map((v) => found(v)).join(', ')}, got ${found(value)}`, path });
      }
      return value as V;
    },
    { enum: [...values] },
  );
}

/** A list whose items all obey one field. */
export function list<Item, const O extends ListOptions<Item>>(
  item: ConfigField<Item>,
  options?: O,
): ConfigField<readonly Item[], HasDefault<O>> {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, distinct = false } = options ?? {};
  return makeField<readonly Item[], O>(
    options,
    (value, path, issues) => {
      if (!Array.isArray(value)) {
        issues.push({ message: `must be a list, got ${found(value)}`, path });
        return [];
      }
      if (value.length < minLength || value.length > maxLength) {
        const bounds =
          maxLength === Number.POSITIVE_INFINITY ? `at least ${minLength}` : `${minLength} to ${maxLength}`;
        issues.push({
          message: `must have ${bounds} item${bounds.endsWith(' 1') ? '' : 's'}, got ${value.length}`,
          path,
        });
      }
      const items = value.map((each, k) => item.read(each, [...path, k], issues));
      if (distinct) refuseRepeats(items, path, issues);
      return items;
    },
    {
      type: 'array',
      items: item.jsonSchema(),
      ...(minLength ? { minItems: minLength } : {}),
      ...(Number.isFinite(maxLength) ? { maxItems: maxLength } : {}),
      ...(distinct ? { uniqueItems: true } : {}),
    },
  );
}

function refuseRepeats(items: readonly unknown[], path: Path, issues: StandardIssue[]): void {
  const first = new Map<string, number>();
  items.forEach((item, k) => {
    const key = JSON.stringify(item) ?? 'undefined';
    const before = first.get(key);
    if (before === undefined) first.set(key, k);
    else issues.push({ message: `repeats item ${before}: ${found(item)}`, path: [...path, k] });
  });
}

/** Class names in the order of the class axis: at least one, no two alike. */
export function labels<const O extends ListOptions<string>>(
  options?: O,
): ConfigField<readonly string[], HasDefault<O>> {
  const describe = options?.describe ?? 'Class names, in the order of the class axis.';
  return list(text({ minLength: 1 }), { minLength: 1, distinct: true, ...options, describe } as unknown as O);
}

/** The given field, or null: null when absent. */
export function nullable<Value>(inner: ConfigField<Value>): ConfigField<Value | null, true> {
  const schema = inner.jsonSchema();
  return {
    optional: true,
    fallback: null,
    read: (value, path, issues) => (value === null ? null : inner.read(value, path, issues)),
    jsonSchema: (): { readonly [key: string]: Json } => ({ anyOf: [schema, { type: 'null' }], default: null }),
  };
}
