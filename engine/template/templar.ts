import type { Position } from "../source/diagnostic.ts";
import { isDict, Tagged, Unknown, type Value } from "../source/value.ts";
import { positionOf } from "../source/yaml.ts";
import type { Templar, TemplateContext, TextOptions } from "./contract.ts";
import type { Place } from "./evaluate.ts";
import { Executor, Output } from "./execute.ts";
import { Frame } from "./frame.ts";
import { finish, type Item, newDict, text, truthy, typeName, UnknownFound } from "./item.ts";
import { TemplateRuntime } from "./runtime.ts";
import { compileExpression, compileTemplate, hasTemplate, playbookText, withNewlines } from "./template-cache.ts";
import type { Origin } from "./template-error.ts";

export { expressionSyntaxErrors, filterNames, lookupNames, templateSyntaxErrors, testNames } from "./check.ts";
export { hasTemplate } from "./template-cache.ts";
export { TemplateError } from "./template-error.ts";

/** Makes the entry to templates for one scope, which costs next to nothing. */
export function createTemplar(context: TemplateContext): Templar {
  return new ScopedTemplar(new TemplateRuntime(context));
}

const words: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "on", "1", "y", "t"].map((word): [string, boolean] => [word, true]),
  ...["false", "no", "off", "0", "n", "f"].map((word): [string, boolean] => [word, false]),
]);

class ScopedTemplar implements Templar {
  readonly #runtime: TemplateRuntime;

  constructor(runtime: TemplateRuntime) {
    this.#runtime = runtime;
  }

  render(value: Value, at?: Position): Value {
    if (typeof value === "string") return hasTemplate(value) ? this.#text(value, at) : value;
    if (value instanceof Tagged) return this.#finish(value);
    if (Array.isArray(value)) {
      let changed: Value[] | undefined;
      for (let index = 0; index < value.length; index++) {
        const before = value[index] ?? null;
        const after = this.render(before, positionOf(value, index) ?? at);
        if (changed === undefined && after !== before) changed = value.slice(0, index);
        changed?.push(after);
      }
      return changed ?? value;
    }
    return isDict(value) ? this.#dict(value, at) : value;
  }

  #dict(value: { [key: string]: Value }, at: Position | undefined): Value {
    const result: { [key: string]: Value } = Object.create(null);
    let changed = false;
    for (const key of Object.keys(value)) {
      const before = value[key] ?? null;
      const place = positionOf(value, key) ?? at;
      const newKey = hasTemplate(key) ? this.#text(key, place) : key;
      if (newKey instanceof Unknown) return newKey;
      const after = this.render(before, place);
      result[text(newKey)] = after;
      changed ||= newKey !== key || after !== before;
    }
    return changed ? result : value;
  }

  renderText(source: string, options: TextOptions): string | Unknown {
    try {
      return this.#runtime.renderText(source, options);
    } catch (error) {
      if (error instanceof UnknownFound) return new Unknown(error.unknown.reason);
      throw error;
    }
  }

  evaluate(expression: string, at?: Position): Value {
    if (hasTemplate(expression)) return this.render(expression, at);
    const place = { source: expression, origin: at };
    return this.#placed(place, () => this.#finish(this.#item(expression, place)));
  }

  test(expression: string, at?: Position): boolean | Unknown {
    if (expression.trim() === "") return true;
    if (hasTemplate(expression)) {
      this.#runtime.context.warn(`a condition needs no braces: ${expression.trim()}`);
      const rendered = this.render(expression, at);
      if (rendered instanceof Unknown) return rendered;
      // What a template makes is a condition again, unless it is a word for yes or no.
      if (typeof rendered === "string" && !words.has(rendered.trim().toLowerCase())) return this.test(rendered, at);
      return this.#boolean(rendered, expression);
    }
    const place = { source: expression, origin: at };
    return this.#placed(place, () => {
      const node = compileExpression(expression, at);
      if (node.kind === "and" || node.kind === "or" || node.kind === "not")
        return this.#runtime.evaluator.truth(node, new Frame(), place);
      const item = this.#item(expression, place);
      return item instanceof Unknown ? item : this.#boolean(item, expression);
    });
  }

  lookup(name: string, terms: Value, at?: Position): Value[] | Unknown {
    const list = Array.isArray(terms) ? terms : [terms];
    return this.#placed({ source: "", origin: at }, () => {
      const result = this.#finish(this.#runtime.lookup(name, list, newDict()));
      return Array.isArray(result) || result instanceof Unknown ? result : [result];
    });
  }

  #item(expression: string, place: Place): Item {
    return this.#runtime.evaluator.evaluate(compileExpression(expression, place.origin), new Frame(), place);
  }

  /** A text inside a playbook: native where it is one expression, or where only one piece was written. */
  #text(source: string, origin: Origin | undefined): Value {
    const place: Place = { source, origin };
    const { evaluator } = this.#runtime;
    const template = compileTemplate(source, playbookText, origin);
    return this.#placed(place, () => {
      let item: Item;
      if (template.lone) item = evaluator.evaluate(template.lone, new Frame(), place);
      else {
        const output = new Output();
        new Executor(evaluator, this.#runtime.loader({}), place).template(template, output, new Frame());
        item = output.value();
      }
      return typeof item === "string" ? withNewlines(source, item) : this.#finish(item);
    });
  }

  #finish(item: Item): Value {
    return finish(item, (vaulted) => this.#runtime.context.decrypt(vaulted));
  }

  /** Gives errors and unknown values that come from outside any node the place of the whole text. */
  #placed<T>(place: Place, work: () => T): T | Unknown {
    try {
      return work();
    } catch (error) {
      if (error instanceof UnknownFound) return new Unknown(error.unknown.reason);
      throw this.#runtime.evaluator.placed(error, 0, place);
    }
  }

  /** The result of a condition. Ansible 2.19 wants a boolean; what older playbooks give is taken with a warning. */
  #boolean(item: Item, expression: string): boolean {
    if (typeof item === "boolean") return item;
    const result = typeof item === "string" ? (words.get(item.trim().toLowerCase()) ?? item !== "") : truthy(item);
    if (item !== null)
      this.#runtime.context.warn(
        `the condition "${expression.trim()}" gives no boolean but a value of type ${typeName(item)}`,
      );
    return result;
  }
}
