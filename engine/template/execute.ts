import { Tuple, Unknown } from "../source/value.ts";
import type { Evaluator, Place } from "./evaluate.ts";
import { Frame } from "./frame.ts";
import {
  type CallArguments,
  Callable,
  fail,
  type Item,
  iterate,
  Namespace,
  newDict,
  OperationError,
  text,
  Undefined,
  UnknownFound,
  withoutTuples,
} from "./item.ts";
import { Loop } from "./loop.ts";
import type { Expression, FilterExpression, MacroBody, Statement, Target, Template } from "./syntax.ts";

/** Finds the templates that `include`, `import` and `extends` name. */
export interface TemplateLoader {
  /** undefined where none of that name exists. */
  load(name: string): { readonly template: Template; readonly place: Place } | undefined;
}

class BreakLoop extends Error {}
class ContinueLoop extends Error {}

type BlockBody = (output: Output, frame: Frame) => void;

/** What a template has written so far. What is none counts as not written. */
export class Output {
  readonly pieces: Item[] = [];
  add(item: Item): void {
    if (item instanceof Undefined && !item.silent) text(item);
    if (item !== null) this.pieces.push(item);
  }
  text(): string {
    return this.pieces
      .map((each) => (each instanceof Undefined && each.silent ? "" : text(withoutTuples(each))))
      .join("");
  }
  /** One piece alone keeps its native type; nothing at all is none. */
  value(): Item {
    const [first] = this.pieces;
    if (first === undefined) return null;
    if (this.pieces.length > 1) return this.text();
    return first instanceof Undefined ? text(first) : first;
  }
}

/** Runs the statements of one template. */
export class Executor {
  readonly #evaluator: Evaluator;
  readonly #loader: TemplateLoader;
  readonly #place: Place;
  /** The bodies of each block, the most derived first. */
  readonly #blocks: Map<string, BlockBody[]>;

  constructor(evaluator: Evaluator, loader: TemplateLoader, place: Place, blocks = new Map<string, BlockBody[]>()) {
    this.#evaluator = evaluator;
    this.#loader = loader;
    this.#place = place;
    this.#blocks = blocks;
  }

  /** Renders a whole template, its parents included. */
  template(template: Template, output: Output, frame: Frame): void {
    for (const [name, body] of template.blocks) {
      const bodies = this.#blocks.get(name) ?? [];
      bodies.push((to, inner) => this.#run(body, to, inner));
      this.#blocks.set(name, bodies);
    }
    if (this.#blocks.size > 0) frame.set("self", this.#self(frame));
    const parent = template.body.find((each) => each.kind === "extends");
    if (parent?.kind !== "extends") {
      this.#run(template.body, output, frame);
      return;
    }
    // What a child writes outside its blocks is dropped, but its macros and variables count.
    this.#run(
      template.body.filter((each) => each.kind !== "block" && each.kind !== "extends"),
      new Output(),
      frame,
    );
    const loaded = this.#load(parent.template, frame, parent.at);
    new Executor(this.#evaluator, this.#loader, loaded.place, this.#blocks).template(loaded.template, output, frame);
  }

  #evaluate(node: Expression, frame: Frame): Item {
    return this.#evaluator.evaluate(node, frame, this.#place);
  }

  #run(statements: readonly Statement[], output: Output, frame: Frame): void {
    for (const statement of statements) {
      if (statement.kind === "text") output.pieces.push(statement.text);
      else
        try {
          this.#execute(statement, output, frame);
        } catch (error) {
          throw this.#evaluator.placed(error, statement.at, this.#place);
        }
    }
  }

  #execute(node: Exclude<Statement, { kind: "text" }>, output: Output, frame: Frame): void {
    switch (node.kind) {
      case "output":
        output.add(this.#evaluate(node.value, frame));
        return;
      case "if": {
        for (const branch of node.branches)
          if (this.#truth(branch.test, frame)) {
            this.#run(branch.body, output, frame);
            return;
          }
        this.#run(node.otherwise, output, frame);
        return;
      }
      case "for":
        this.#for(node, this.#evaluate(node.items, frame), output, frame, 0);
        return;
      case "set":
        this.#assign(node.target, this.#evaluate(node.value, frame), frame);
        return;
      case "set-block":
        this.#assign(
          node.target,
          this.#filtered(node.filters, this.#capture(node.body, new Frame(frame)), frame),
          frame,
        );
        return;
      case "filter-block":
        output.add(this.#filtered(node.filters, this.#capture(node.body, new Frame(frame)), frame));
        return;
      case "with": {
        const inner = new Frame(frame);
        for (const [target, value] of node.bindings) this.#assign(target, this.#evaluate(value, frame), inner);
        this.#run(node.body, output, inner);
        return;
      }
      case "do":
        this.#evaluate(node.value, frame);
        return;
      case "macro":
        frame.set(node.macro.name, this.#macro(node.macro, frame));
        return;
      case "call-block": {
        const caller = this.#macro(node.caller, frame);
        const callee = this.#evaluate(node.call.callee, frame);
        const named: Expression = { kind: "name", name: "\0caller", at: node.at };
        const temporary = new Frame(frame);
        temporary.set("\0callee", callee);
        temporary.set("\0caller", caller);
        const call: Expression = {
          ...node.call,
          callee: { kind: "name", name: "\0callee", at: node.at },
          args: { ...node.call.args, named: [...node.call.args.named, ["caller", named]] },
        };
        output.add(this.#evaluate(call, temporary));
        return;
      }
      case "include": {
        const loaded = this.#find(this.#evaluate(node.template, frame));
        if (loaded === undefined) {
          if (!node.ignoreMissing) this.#notFound(this.#evaluate(node.template, frame));
          return;
        }
        const inner = node.withContext ? new Frame(frame) : new Frame();
        new Executor(this.#evaluator, this.#loader, loaded.place).template(loaded.template, output, inner);
        return;
      }
      case "import": {
        const exported = this.#module(node.template, node.withContext ? frame : undefined, frame, node.at);
        frame.set(node.alias, new Namespace(newDict(exported.own())));
        return;
      }
      case "from-import": {
        const exported = this.#module(node.template, node.withContext ? frame : undefined, frame, node.at);
        for (const [name, alias] of node.names) {
          const item = exported.own().get(name);
          frame.set(
            alias,
            item === undefined ? new Undefined(`the imported template has no '${name}'`, node.at) : item,
          );
        }
        return;
      }
      case "block": {
        this.#block(node.name, 0, output, frame);
        return;
      }
      case "extends":
        // Only at the top level, where template() deals with it.
        throw new OperationError("{% extends %} must stand at the top level of a template");
      case "break":
        throw new BreakLoop();
      case "continue":
        throw new ContinueLoop();
    }
  }

  #truth(node: Expression, frame: Frame): boolean {
    const result = this.#evaluator.truth(node, frame, this.#place);
    if (result instanceof Unknown) throw new UnknownFound(result);
    return result;
  }

  #capture(body: readonly Statement[], frame: Frame): Item {
    const output = new Output();
    try {
      this.#run(body, output, frame);
      return output.value();
    } catch (error) {
      if (error instanceof UnknownFound) return new Unknown(error.unknown.reason);
      throw error;
    }
  }

  #filtered(filters: readonly FilterExpression[], input: Item, frame: Frame): Item {
    return filters.reduce((item, filter) => this.#evaluator.applyFilter(filter, item, frame, this.#place), input);
  }

  #assign(target: Target, item: Item, frame: Frame): void {
    if (target.kind === "name") frame.set(target.name, item);
    else if (target.kind === "member") {
      const namespace = frame.get(target.name);
      if (!(namespace instanceof Namespace)) fail(`'${target.name}' is no namespace(), so its members cannot be set`);
      else namespace.members[target.member] = item;
    } else {
      const items = iterate(item);
      if (items.length !== target.items.length)
        fail(`${target.items.length} names cannot be given ${items.length} value${items.length === 1 ? "" : "s"}`);
      for (const [index, each] of target.items.entries()) this.#assign(each, items[index] ?? null, frame);
    }
  }

  #for(node: Extract<Statement, { kind: "for" }>, iterable: Item, output: Output, frame: Frame, depth: number): void {
    let items = iterate(iterable, "loop's value");
    const { condition } = node;
    if (condition !== undefined)
      items = items.filter((item) => {
        const inner = new Frame(frame);
        this.#assign(node.target, item, inner);
        return this.#truth(condition, inner);
      });
    if (items.length === 0) {
      this.#run(node.otherwise, output, frame);
      return;
    }
    const recurse = (more: Item): Item => {
      const inner = new Output();
      this.#for(node, more, inner, frame, depth + 1);
      return inner.value();
    };
    const loop = new Loop(items, depth, node.recursive ? recurse : undefined);
    for (const [index, item] of items.entries()) {
      const inner = new Frame(frame);
      loop.index = index;
      inner.set("loop", loop);
      this.#assign(node.target, item, inner);
      try {
        this.#run(node.body, output, inner);
      } catch (error) {
        if (error instanceof BreakLoop) break;
        if (!(error instanceof ContinueLoop)) throw error;
      }
    }
  }

  #macro(macro: MacroBody, frame: Frame): Callable {
    const run = ({ positional, named }: CallArguments): Item => {
      const inner = new Frame(frame);
      const rest = { ...named };
      if (Object.hasOwn(rest, "caller")) {
        inner.set("caller", rest["caller"] ?? null);
        delete rest["caller"];
      } else inner.set("caller", new Undefined("the macro was not called by a {% call %} block"));
      for (const [index, { name, fallback }] of macro.parameters.entries()) {
        const given =
          index < positional.length ? positional[index] : Object.hasOwn(rest, name) ? rest[name] : undefined;
        delete rest[name];
        if (given !== undefined) inner.set(name, given);
        else if (fallback !== undefined) inner.set(name, this.#evaluate(fallback, inner));
        else inner.set(name, new Undefined(`the macro '${macro.name}' was not given '${name}'`));
      }
      const more = positional.slice(macro.parameters.length);
      if (more.length > 0 && !macro.usesVarargs)
        fail(
          `the macro '${macro.name}' takes at most ${macro.parameters.length} arguments, ${positional.length} given`,
        );
      const [unknown] = Object.keys(rest);
      if (unknown !== undefined && !macro.usesKwargs) fail(`the macro '${macro.name}' has no parameter '${unknown}'`);
      inner.set("varargs", Tuple.with(more));
      inner.set("kwargs", newDict(Object.entries(rest)));
      return this.#capture(macro.body, inner);
    };
    return new Callable(macro.name, run, newDict([["name", macro.name]]));
  }

  #block(name: string, level: number, output: Output, frame: Frame): void {
    const body = this.#blocks.get(name)?.[level];
    if (body === undefined) fail(`the block '${name}' has no parent for super()`);
    const inner = new Frame(frame);
    const parent = new Callable("super", () => {
      const captured = new Output();
      this.#block(name, level + 1, captured, frame);
      return captured.value();
    });
    inner.set("super", parent);
    body?.(output, inner);
  }

  /** `self.title()`: a block once more, as the most derived template has it, and without what loops around it set. */
  #self(frame: Frame): Namespace {
    const again = (name: string): Callable =>
      new Callable(name, () => {
        const captured = new Output();
        this.#block(name, 0, captured, frame);
        return captured.value();
      });
    return new Namespace(newDict([...this.#blocks.keys()].map((name) => [name, again(name)])));
  }

  #find(name: Item): ReturnType<TemplateLoader["load"]> {
    const names = Array.isArray(name) ? name : [name];
    for (const each of names) {
      const loaded = this.#loader.load(text(each));
      if (loaded !== undefined) return loaded;
    }
    return undefined;
  }

  #notFound(name: Item): never {
    const names = (Array.isArray(name) ? name : [name]).map(text).join(", ");
    throw new OperationError(
      `the template ${names} is not found`,
      "missing-file",
      "It is searched in templates/ and beside the file.",
    );
  }

  #load(node: Expression, frame: Frame, at: number): NonNullable<ReturnType<TemplateLoader["load"]>> {
    const name = this.#evaluate(node, frame);
    try {
      return this.#find(name) ?? this.#notFound(name);
    } catch (error) {
      throw this.#evaluator.placed(error, at, this.#place);
    }
  }

  #module(node: Expression, outer: Frame | undefined, frame: Frame, at: number): Frame {
    const loaded = this.#load(node, frame, at);
    const inner = new Frame(outer);
    new Executor(this.#evaluator, this.#loader, loaded.place).template(loaded.template, new Output(), inner);
    return inner;
  }
}
