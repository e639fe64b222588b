/**
 * The syntax tree of a template. `at` is the offset of the node in the template's text.
 *
 * The project has its own lexer and parser for Jinja: of nunjucks' parser more than half would have to be
 * overridden (slices, `for … if … recursive`, `with`, `do`, tests with a bare argument, adjacent strings, number
 * forms, positions), and its runtime lets a template reach JavaScript.
 */
export type Expression =
  | { readonly kind: "literal"; readonly value: null | boolean | number | bigint | string; readonly at: number }
  | { readonly kind: "float"; readonly value: number; readonly at: number }
  | { readonly kind: "name"; readonly name: string; readonly at: number }
  | { readonly kind: "list" | "tuple"; readonly items: readonly Expression[]; readonly at: number }
  | { readonly kind: "dict"; readonly pairs: readonly (readonly [Expression, Expression])[]; readonly at: number }
  | { readonly kind: "negate" | "plus" | "not"; readonly operand: Expression; readonly at: number }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly at: number;
    }
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression; readonly at: number }
  | {
      readonly kind: "compare";
      readonly first: Expression;
      readonly rest: readonly (readonly [CompareOperator, Expression])[];
      readonly at: number;
    }
  | {
      readonly kind: "conditional";
      readonly test: Expression;
      readonly value: Expression;
      readonly otherwise: Expression | undefined;
      readonly at: number;
    }
  | { readonly kind: "concat"; readonly parts: readonly Expression[]; readonly at: number }
  | FilterExpression
  | {
      readonly kind: "test";
      readonly input: Expression;
      readonly name: string;
      readonly args: Arguments;
      readonly negated: boolean;
      readonly at: number;
    }
  | { readonly kind: "attribute"; readonly object: Expression; readonly name: string; readonly at: number }
  | { readonly kind: "index"; readonly object: Expression; readonly key: Expression; readonly at: number }
  | {
      readonly kind: "slice";
      readonly object: Expression;
      readonly start: Expression | undefined;
      readonly stop: Expression | undefined;
      readonly step: Expression | undefined;
      readonly at: number;
    }
  | CallExpression;

export interface FilterExpression {
  readonly kind: "filter";
  /** undefined in a filter block: the block's text. */
  readonly input: Expression | undefined;
  readonly name: string;
  readonly args: Arguments;
  readonly at: number;
}

export interface CallExpression {
  readonly kind: "call";
  readonly callee: Expression;
  readonly args: Arguments;
  readonly at: number;
}

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly named: readonly (readonly [string, Expression])[];
  readonly spread: Expression | undefined;
  readonly spreadNamed: Expression | undefined;
}

export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**";
export type CompareOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

/** What `for`, `set` and `with` assign to. */
export type Target =
  | { readonly kind: "name"; readonly name: string; readonly at: number }
  | { readonly kind: "member"; readonly name: string; readonly member: string; readonly at: number }
  | { readonly kind: "tuple"; readonly items: readonly Target[]; readonly at: number };

export interface Parameter {
  readonly name: string;
  readonly fallback: Expression | undefined;
}

export interface MacroBody {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
  readonly usesVarargs: boolean;
  readonly usesKwargs: boolean;
}

export type Statement =
  | { readonly kind: "text"; readonly text: string; readonly at: number }
  | { readonly kind: "output"; readonly value: Expression; readonly at: number }
  | {
      readonly kind: "for";
      readonly target: Target;
      readonly items: Expression;
      readonly condition: Expression | undefined;
      readonly recursive: boolean;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
      readonly at: number;
    }
  | {
      readonly kind: "if";
      readonly branches: readonly { readonly test: Expression; readonly body: readonly Statement[] }[];
      readonly otherwise: readonly Statement[];
      readonly at: number;
    }
  | { readonly kind: "macro"; readonly macro: MacroBody; readonly at: number }
  | { readonly kind: "call-block"; readonly call: CallExpression; readonly caller: MacroBody; readonly at: number }
  | { readonly kind: "set"; readonly target: Target; readonly value: Expression; readonly at: number }
  | {
      readonly kind: "set-block";
      readonly target: Target;
      readonly filters: readonly FilterExpression[];
      readonly body: readonly Statement[];
      readonly at: number;
    }
  | {
      readonly kind: "filter-block";
      readonly filters: readonly FilterExpression[];
      readonly body: readonly Statement[];
      readonly at: number;
    }
  | {
      readonly kind: "with";
      readonly bindings: readonly (readonly [Target, Expression])[];
      readonly body: readonly Statement[];
      readonly at: number;
    }
  | { readonly kind: "do"; readonly value: Expression; readonly at: number }
  | {
      readonly kind: "include";
      readonly template: Expression;
      readonly ignoreMissing: boolean;
      readonly withContext: boolean;
      readonly at: number;
    }
  | {
      readonly kind: "import";
      readonly template: Expression;
      readonly alias: string;
      readonly withContext: boolean;
      readonly at: number;
    }
  | {
      readonly kind: "from-import";
      readonly template: Expression;
      readonly names: readonly (readonly [string, string])[];
      readonly withContext: boolean;
      readonly at: number;
    }
  | { readonly kind: "extends"; readonly template: Expression; readonly at: number }
  | { readonly kind: "block"; readonly name: string; readonly body: readonly Statement[]; readonly at: number }
  | { readonly kind: "break" | "continue"; readonly at: number };

/** A parsed template. */
export interface Template {
  readonly source: string;
  readonly body: readonly Statement[];
  /** All blocks by name, however deep they stand. */
  readonly blocks: ReadonlyMap<string, readonly Statement[]>;
  /** The one expression that a template like `{{ x }}` consists of. */
  readonly lone: Expression | undefined;
}
