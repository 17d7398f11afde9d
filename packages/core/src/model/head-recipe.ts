import { type AnyHead, checkSpecification, type HeadContext, type HeadFactory } from '@glid/head-kit';

/** A head to be: its factory and configuration. The model adds what only it knows (`HeadContext`) and builds the head. */
export interface HeadRecipe<H extends AnyHead = AnyHead> {
  build(context: HeadContext): H;
  readonly migrateParameterName?: (name: string, fromVersion: string) => string | null;
}

/** Heads to be, by the key that the user chooses. Keys are part of parameter names: letters, digits, `_` and `-`. */
export type HeadRecipes = { readonly [key: string]: HeadRecipe };

/** The heads that recipes make. */
export type BuiltHeads<R extends HeadRecipes> = { readonly [K in keyof R]: ReturnType<R[K]['build']> };

/**
 * Says which head a model gets.
 *
 * @example createModel({ backbone: 'nano', heads: { cells: headOf(detection, { labels: ['red', 'white'] }) } })
 */
export function headOf<Config extends object, H extends AnyHead, Input>(
  factory: HeadFactory<Config, H, Input>,
  config: NoInfer<Input>,
): HeadRecipe<H> {
  const { migrateParameterName } = factory;
  return {
    build: (context) => {
      checkSpecification(factory);
      return factory(config, context);
    },
    ...(migrateParameterName && { migrateParameterName: migrateParameterName.bind(factory) }),
  };
}
