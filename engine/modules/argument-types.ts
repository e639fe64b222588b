import { type TSchema, type TUnsafe, Type } from "@sinclair/typebox";
import type { Dict, Value } from "../source/value.ts";

/*
 * The words in which a module's arguments are declared. Each is a TypeBox schema, so that the static type, the
 * validation, `play doc` and the editor's schema come from one place. A default is filled in before the module sees
 * its arguments; an argument that has one is therefore never undefined.
 */

/** What the coercion in arguments.ts does beyond what the schema's `type` says. */
export type Coercion = "mode" | "path" | "bytes";

interface Options {
  readonly default?: Value;
  /** A spelling for docs only: `[0-7]{4}`. */
  readonly examples?: Value[];
  readonly [keyword: string]: unknown;
}

export const text = (description: string, options: Options = {}) => Type.String({ description, ...options });

/** A path on the host (`~` is expanded by the module, which knows the host). */
export const path = (description: string, options: Options = {}) =>
  Type.String({ description, coercion: "path" satisfies Coercion, ...options });

/** Permissions: octal (`"0644"`, the integer 0o644) or symbolic (`u+rwX`). Comes to the module as a string. */
export const mode = (description = "Permissions: octal such as '0644', or symbolic such as u=rw,g=r.") =>
  Type.String({ description, coercion: "mode" satisfies Coercion });

export const flag = (description: string, fallback = false) => Type.Boolean({ description, default: fallback });

/** A boolean that can be left away, where that means something else than false. */
export const maybeFlag = (description: string) => Type.Optional(Type.Boolean({ description }));

export const integer = (description: string, options: Options = {}) => Type.Integer({ description, ...options });

export const number = (description: string, options: Options = {}) => Type.Number({ description, ...options });

export const choice = <const T extends readonly string[]>(
  values: T,
  description: string,
  options: { readonly default?: T[number] } = {},
): TUnsafe<T[number]> => Type.Unsafe<T[number]>({ type: "string", enum: [...values], description, ...options });

/** A list; a string is split at commas, another scalar becomes its only item. */
export const list = <T extends TSchema>(item: T, description: string, options: Options = {}) =>
  Type.Array(item, { description, ...options });

/** A dict with any keys; JSON or `k=v` text is read as one. */
export const mapping = (description: string, options: Options = {}): TUnsafe<Dict> =>
  Type.Unsafe<Dict>({ type: "object", description, ...options });

/** Whatever the playbook gives, as it is. */
export const anything = (description: string, options: Options = {}): TUnsafe<Value> =>
  Type.Unsafe<Value>({ description, ...options });

export const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
