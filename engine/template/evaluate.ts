import { DiagnosticError } from "../source/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import { floatValue, Tagged, Tuple, Unknown } from "../source/value.ts";
import type { Frame } from "./frame.ts";
import {
  type CallArguments,
  Callable,
  characters,
  Doubtful,
  fail,
  failUndefined,
  Group,
  Internal,
  type Item,
  isInteger,
  isItemDict,
  iterate,
  newDict,
  OperationError,
  SilentUndefined,
  text,
  truthy,
  typeName,
  Undefined,
  UnknownFound,
} from "./item.ts";
import { Loop } from "./loop.ts";
import { methodNames, methodOf } from "./methods.ts";
import { binary, compare, keyText, negate, slice } from "./operators.ts";
import type { Plugin, Runtime } from "./plugin.ts";
import { bind, shortName } from "./plugin.ts";
import type { Arguments, Expression, FilterExpression } from "./syntax.ts";
import { type Origin, placeIn, TemplateError } from "./template-error.ts";

/** The tables of what a template can call. */
export interface Library {
  readonly filters: ReadonlyMap<string, Plugin>;
  readonly tests: ReadonlyMap<string, Plugin<boolean | Unknown>>;
}

/** The text that is being rendered, for the places in messages. */
export interface Place {
  readonly source: string;
  readonly origin: Origin | undefined;
}

const noCallArguments: CallArguments = { positional: [], named: newDict() };

/** Walks expressions. Python's meaning throughout; nothing here reaches a JavaScript property by a template's name. */
export class Evaluator {
  readonly runtime: Runtime;
  readonly #library: Library;
  readonly #lookupName: (name: string) => Item | undefined;
  readonly #names: () => Iterable<string>;

  constructor(
    runtime: Runtime,
    library: Library,
    lookupName: (name: string) => Item | undefined,
    names: () => Iterable<string>,
  ) {
    this.runtime = runtime;
    this.#library = library;
    this.#lookupName = lookupName;
    this.#names = names;
  }

  /** The item an expression stands for. @throws TemplateError */
  evaluate(node: Expression, frame: Frame, place: Place): Item {
    try {
      return this.#evaluate(node, frame, place);
    } catch (error) {
      if (error instanceof UnknownFound) return new Unknown(error.unknown.reason);
      throw this.placed(error, node.at, place);
    }
  }

  /** Adds the place to an error that has none yet. */
  placed(error: unknown, at: number, place: Place): unknown {
    if (error instanceof OperationError)
      return new TemplateError(
        error.code,
        error.message,
        placeIn(place.source, error.at ?? at, place.origin),
        error.hint,
      );
    if (error instanceof RangeError && error.message.includes("call stack"))
      return new TemplateError(
        "template-error",
        "the template calls itself without end",
        placeIn(place.source, at, place.origin),
      );
    return error;
  }

  /** An expression as a condition; Unknown where what is known does not decide it. */
  truth(node: Expression, frame: Frame, place: Place): boolean | Unknown {
    if (node.kind === "and" || node.kind === "or") {
      const decides = node.kind === "or";
      const left = this.truth(node.left, frame, place);
      if (left === decides) return decides;
      if (!(left instanceof Unknown)) return this.truth(node.right, frame, place);
      // The right side may still decide it; an error there may be one that the left side would have prevented.
      try {
        const right = this.truth(node.right, frame, place);
        return right === decides ? decides : left;
      } catch (error) {
        if (error instanceof DiagnosticError) return left;
        throw error;
      }
    }
    if (node.kind === "not") {
      const operand = this.truth(node.operand, frame, place);
      return operand instanceof Unknown ? operand : !operand;
    }
    const item = this.evaluate(node, frame, place);
    if (item instanceof Unknown) return item;
    try {
      return truthy(item);
    } catch (error) {
      throw this.placed(error, node.at, place);
    }
  }

  #evaluate(node: Expression, frame: Frame, place: Place): Item {
    const inner = (child: Expression): Item => this.evaluate(child, frame, place);
    switch (node.kind) {
      case "literal":
        return node.value;
      case "float":
        return floatValue(node.value);
      case "name":
        return this.#name(node.name, node.at, frame);
      case "list":
        return node.items.map(inner);
      case "tuple":
        return Tuple.with(node.items.map(inner));
      case "dict":
        return newDict(
          node.pairs.map(([key, value]) => [
            keyText(inner(key)) ?? fail("a list or dict cannot be the key of a dict"),
            inner(value),
          ]),
        );
      case "negate":
        return negate(inner(node.operand));
      case "plus": {
        const operand = inner(node.operand);
        return typeof operand === "boolean" ? Number(operand) : operand;
      }
      case "not": {
        const operand = this.truth(node.operand, frame, place);
        return operand instanceof Unknown ? operand : !operand;
      }
      case "and":
      case "or": {
        const left = inner(node.left);
        if (left instanceof Unknown) {
          const whole = this.truth(node, frame, place);
          // Decided, but by which of the two sides is not known: only the truth is.
          return whole instanceof Unknown ? whole : whole === false && node.kind === "and" ? false : left;
        }
        return truthy(left) === (node.kind === "or") ? left : inner(node.right);
      }
      case "binary":
        return binary(node.operator, inner(node.left), inner(node.right));
      case "compare": {
        let left = inner(node.first);
        for (const [operator, expression] of node.rest) {
          const right = inner(expression);
          if (!compare(operator, left, right)) return false;
          left = right;
        }
        return true;
      }
      case "conditional": {
        const test = this.truth(node.test, frame, place);
        if (test instanceof Unknown) return test;
        if (test) return inner(node.value);
        if (node.otherwise !== undefined) return inner(node.otherwise);
        return new SilentUndefined("the inline if-expression is false and has no else", node.at);
      }
      case "concat":
        return node.parts.map((part) => text(inner(part))).join("");
      case "filter":
        return this.#located(
          this.applyFilter(node, node.input === undefined ? null : inner(node.input), frame, place),
          node.at,
          place,
        );
      case "test": {
        const input = inner(node.input);
        const result = this.#test(node.name, input, this.#args(node.args, frame, place));
        return typeof result === "boolean" ? result !== node.negated : this.#located(result, node.at, place);
      }
      case "attribute":
        return this.attribute(inner(node.object), node.name, node.at);
      case "index":
        return this.index(inner(node.object), inner(node.key), node.at);
      case "slice": {
        const object = inner(node.object);
        const part = (each: Expression | undefined): Item => (each === undefined ? null : inner(each));
        if (object instanceof Unknown) return object;
        return slice(object, part(node.start), part(node.stop), part(node.step));
      }
      case "call": {
        const callee = inner(node.callee);
        return this.#located(this.call(callee, this.#args(node.args, frame, place)), node.at, place);
      }
    }
  }

  #name(name: string, at: number, frame: Frame): Item {
    const own = frame.get(name);
    const item = own === undefined ? this.#variable(name, at) : own;
    if (item !== undefined) return this.#untagged(item);
    return new Undefined(`'${name}' is undefined`, at, () => {
      const near = nearest(name, [...frame.names(), ...this.#names()]);
      return near === undefined ? undefined : `Did you mean '${near}'?`;
    });
  }

  /** Gives an error that a filter, test or lookup kept for later its place. */
  #located(item: Item, at: number, place: Place): Item {
    if (!(item instanceof Undefined) || !(item.cause instanceof OperationError)) return item;
    const cause = this.placed(item.cause, at, place);
    return cause instanceof TemplateError ? new Undefined(item.message, at, undefined, cause) : item;
  }

  /** A variable whose value is a template with an undefined variable in it is undefined itself. */
  #variable(name: string, at: number): Item | undefined {
    return this.#lazily(() => this.#lookupName(name), at);
  }

  /** Reading a variable, or a key of a lazy dict such as `hostvars`, renders what it holds. */
  #lazily<T>(read: () => T, at: number | undefined): T | Undefined {
    try {
      return read();
    } catch (error) {
      if (error instanceof TemplateError && error.code === "undefined-variable")
        return new Undefined(error.message, at, undefined, error);
      throw error;
    }
  }

  #untagged(item: Item): Item {
    if (!(item instanceof Tagged)) return item;
    return item.tag === "vault" ? this.runtime.context.decrypt(item.text) : item.text;
  }

  #args(args: Arguments, frame: Frame, place: Place): CallArguments {
    if (args.positional.length === 0 && args.named.length === 0 && !args.spread && !args.spreadNamed)
      return noCallArguments;
    const positional = args.positional.map((each) => this.evaluate(each, frame, place));
    if (args.spread) positional.push(...iterate(this.evaluate(args.spread, frame, place)));
    const named = newDict(args.named.map(([name, each]) => [name, this.evaluate(each, frame, place)]));
    if (args.spreadNamed) {
      const more = this.evaluate(args.spreadNamed, frame, place);
      if (!isItemDict(more)) return fail(`** needs a dict, not ${typeName(more)}`);
      Object.assign(named, more);
    }
    return { positional, named };
  }

  /** `object.name`: Python's methods come before the keys of a dict, as in Jinja. */
  attribute(object: Item, name: string, at?: number): Item {
    if (object instanceof Undefined) return object;
    if (object instanceof Unknown) return new Doubtful(object.reason);
    const plain = this.#untagged(object);
    if (plain instanceof Internal) {
      const found = plain.attribute(name);
      if (found !== undefined) return this.#untagged(found);
    } else {
      const method = plain instanceof Group ? plain.member(name) : methodOf(plain, name);
      if (method !== undefined) return method;
      if (isItemDict(plain) && Object.hasOwn(plain, name))
        return this.#untagged(this.#lazily(() => plain[name] ?? null, at));
    }
    return this.#missing(plain, name, at);
  }

  /** `object[key]`: keys come before methods. */
  index(objectItem: Item, key: Item, at?: number): Item {
    if (objectItem instanceof Undefined) return objectItem;
    if (objectItem instanceof Unknown) return new Doubtful(objectItem.reason);
    if (key instanceof Unknown) return new Doubtful(key.reason);
    const object = this.#untagged(objectItem);
    if (key instanceof Undefined) return failUndefined(key);
    if (isItemDict(object)) {
      const name = keyText(key);
      if (name !== undefined && Object.hasOwn(object, name))
        return this.#untagged(this.#lazily(() => object[name] ?? null, at));
      return typeof key === "string"
        ? (methodOf(object, key) ?? this.#missing(object, key, at))
        : this.#missing(object, text(key), at);
    }
    const number = typeof key === "boolean" ? Number(key) : key;
    if (isInteger(number)) {
      const list = typeof object === "string" ? characters(object) : Array.isArray(object) ? object : undefined;
      if (list !== undefined) {
        const position = Number(number) < 0 ? list.length + Number(number) : Number(number);
        if (position in list) return this.#untagged(list[position] ?? null);
        return new Undefined(`the ${typeName(object)} has no element ${number}; it has ${list.length}`, at);
      }
    }
    if (typeof key === "string") return this.attribute(object, key, at);
    return this.#missing(object, text(key), at);
  }

  #missing(object: Item, name: string, at: number | undefined): Undefined {
    return new Undefined(`object of type '${typeName(object)}' has no attribute '${name}'`, at, () => {
      const keys = isItemDict(object) ? Object.keys(object) : [];
      const near = nearest(name, [...keys, ...methodNames(object)]);
      if (near !== undefined) return `Did you mean '${near}'?`;
      return keys.length > 0 && keys.length <= 12 ? `It has: ${keys.join(", ")}.` : undefined;
    });
  }

  call(callee: Item, args: CallArguments): Item {
    if (callee instanceof Undefined || callee instanceof Unknown) return callee;
    if (callee instanceof Callable) {
      const undefinedOne = callee.isMacro ? undefined : this.#undefinedIn(args);
      if (undefinedOne) return undefinedOne;
      return callee.isMacro ? callee.call(args) : keepingUndefined(() => this.#untagged(callee.call(args)));
    }
    if (callee instanceof Loop)
      return callee.recurse(args.positional[0] ?? fail("loop() needs the list to recurse into"));
    return fail(`a ${typeName(callee)} cannot be called`);
  }

  applyFilter(node: FilterExpression, input: Item, frame: Frame, place: Place): Item {
    return this.filter(node.name, input, this.#args(node.args, frame, place));
  }

  filter(name: string, input: Item, args: CallArguments): Item {
    const found = this.#library.filters.get(name) ?? this.#library.filters.get(shortName(name));
    if (found === undefined)
      return fail(`there is no filter '${name}'`, "unknown-filter", hintFor(name, this.#library.filters.keys()));
    if (input instanceof Unknown) return new Unknown(input.reason);
    const { bound, collected } = bind(found, `the filter '${name}'`, args);
    if (!found.lenient) {
      if (input instanceof Undefined) return input;
      const special = this.#undefinedIn(args) ?? this.#unknownIn(args);
      if (special) return special;
    }
    return keepingErrors(() => this.#untagged(found.run(this.#untagged(input), bound, this.runtime, collected)));
  }

  test(name: string, input: Item, args: CallArguments): boolean {
    const result = this.#test(name, input, args);
    if (result instanceof Unknown) throw new UnknownFound(result);
    return result instanceof Undefined ? failUndefined(result) : result;
  }

  #test(name: string, input: Item, args: CallArguments): boolean | Unknown | Undefined {
    const found = this.#library.tests.get(name) ?? this.#library.tests.get(shortName(name));
    if (found === undefined)
      return fail(`there is no test '${name}'`, "unknown-test", hintFor(name, this.#library.tests.keys()));
    if (!found.lenient) {
      if (input instanceof Undefined || input instanceof Unknown) return input;
      const special = this.#undefinedIn(args) ?? this.#unknownIn(args);
      if (special) return special;
    }
    const { bound, collected } = bind(found, `the test '${name}'`, args);
    return keepingErrors(() => found.run(this.#untagged(input), bound, this.runtime, collected));
  }

  #undefinedIn(args: CallArguments): Undefined | undefined {
    for (const item of args.positional) if (item instanceof Undefined) return item;
    for (const item of Object.values(args.named)) if (item instanceof Undefined) return item;
    return undefined;
  }

  #unknownIn(args: CallArguments): Unknown | undefined {
    const found = [...args.positional, ...Object.values(args.named)].find((item) => item instanceof Unknown);
    return found instanceof Unknown ? new Unknown(found.reason) : undefined;
  }

  /** `a`, `a.b.0` or an index: what `map(attribute=…)` and its kin walk along. */
  member(object: Item, path: Item): Item {
    if (typeof path !== "string") return this.index(object, path);
    let item = object;
    for (const part of path.split("."))
      item = /^\d+$/.test(part) ? this.index(item, Number(part)) : this.#part(item, part);
    return item;
  }

  /** One part of a path is a key before it is a method. */
  #part(item: Item, part: string): Item {
    return isItemDict(item) || item instanceof Unknown ? this.index(item, part) : this.attribute(item, part);
  }
}

/** An error of a plug-in counts as undefined until it is used; what is wrong with the template itself does not. */
export function keepingErrors<T>(work: () => T): T | Undefined {
  try {
    return work();
  } catch (error) {
    const kept = error instanceof OperationError || (error instanceof DiagnosticError && !isOwnFault(error));
    if (!kept || (error instanceof OperationError && error.code.startsWith("unknown-"))) throw error;
    return new Undefined(error.message, undefined, undefined, error);
  }
}

/** As {@link keepingErrors}, but only for what is undefined. */
function keepingUndefined(work: () => Item): Item {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== "undefined-variable") throw error;
    return new Undefined(error.message, error.at, undefined, error);
  }
}

function isOwnFault(error: DiagnosticError): boolean {
  return error.diagnostics.some(({ code }) => code === "template-syntax" || code.startsWith("unknown-"));
}

function hintFor(name: string, known: Iterable<string>): string | undefined {
  const near = nearest(shortName(name), known);
  return near === undefined ? undefined : `Did you mean '${near}'?`;
}
