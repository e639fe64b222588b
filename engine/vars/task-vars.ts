import { DiagnosticError } from "../source/diagnostic.ts";
import { Tagged, type Value } from "../source/value.ts";
import { positionOf } from "../source/yaml.ts";
import type { Templar, TemplateContext } from "../template/contract.ts";
import { createTemplar } from "../template/templar.ts";
import type { Layer, TaskVars } from "./contract.ts";
import { lazyDict } from "./lazy-dict.ts";

export interface TaskVarsOptions {
  /** Lowest first, as `stack` gives them. */
  readonly layers: readonly Layer[];
  /** What templates may use besides variables. */
  readonly context: Omit<TemplateContext, "scope">;
}

/** All variables of one task on one host. Cheap to make: nothing is rendered before it is read, and then once. */
export function createTaskVars(options: TaskVarsOptions): TaskVars {
  return new LayeredVars(options.layers, options.context);
}

class LayeredVars implements TaskVars {
  readonly templar: Templar;
  readonly #layers: readonly Layer[];
  readonly #context: Omit<TemplateContext, "scope">;
  readonly #rendered = new Map<string, Value>();
  /** Names that are being rendered, outermost first. */
  readonly #underWay: string[] = [];

  constructor(layers: readonly Layer[], context: Omit<TemplateContext, "scope">) {
    this.#layers = layers;
    this.#context = context;
    this.templar = createTemplar({
      scope: this,
      searchPath: context.searchPath,
      readFile: context.readFile,
      decrypt: context.decrypt,
      warn: context.warn,
      ...(context.managed === undefined ? {} : { managed: context.managed }),
    });
  }

  lookup(name: string): Value | undefined {
    const known = this.#rendered.get(name);
    if (known !== undefined) return known;
    for (let index = this.#layers.length - 1; index >= 0; index--) {
      const layer = this.#layers[index];
      if (layer === undefined || !Object.hasOwn(layer.values, name)) continue;
      const value = layer.values[name];
      if (value === undefined) continue;
      if (!layer.templated) return value;
      const rendered = this.#render(name, value, layer);
      this.#rendered.set(name, rendered);
      return rendered;
    }
    return name === "vars" ? lazyDict(this.names(), (each) => this.lookup(each) ?? null) : undefined;
  }

  *names(): Iterable<string> {
    const seen = new Set<string>();
    for (const layer of this.#layers) {
      for (const name of Object.keys(layer.values)) {
        if (seen.has(name)) continue;
        seen.add(name);
        yield name;
      }
    }
  }

  with(layer: Layer): TaskVars {
    return new LayeredVars([...this.#layers, layer], this.#context);
  }

  #render(name: string, value: Value, layer: Layer): Value {
    if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
    if (this.#underWay.includes(name)) throw recursion([...this.#underWay, name], layer);
    this.#underWay.push(name);
    try {
      if (value instanceof Tagged && value.tag === "unsafe") return value.text;
      return this.templar.render(value, positionOf(layer.values, name));
    } finally {
      this.#underWay.pop();
    }
  }
}

function recursion(names: readonly string[], layer: Layer): DiagnosticError {
  const last = names.at(-1) ?? "";
  const circle = names.slice(names.indexOf(last));
  return new DiagnosticError({
    code: "recursive-variable",
    severity: "error",
    summary: `recursive loop detected in template: ${circle.join(" → ")}`,
    at: positionOf(layer.values, last),
    hint: `"${last}" (${layer.name}) is defined by itself.`,
  });
}
