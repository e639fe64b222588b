import { floatRepr, pythonRepr } from "./python-repr.ts";
import { byCodePoint } from "./to-json.ts";
import { Float, isDict, Omit, Tagged, Unknown, type Value } from "./value.ts";
import { analyzeScalar, type ScalarAnalysis, writeDoubleQuoted, writePlain, writeSingleQuoted } from "./yaml-emit.ts";
import { Pen } from "./yaml-pen.ts";
import { resolvesToString } from "./yaml-scalar.ts";

export interface YamlOptions {
  /** Spaces a level, 2 to 9; PyYAML's own default is 2. */
  readonly indent?: number;
  /** Lines are folded at the first blank after this many characters; 80. */
  readonly width?: number;
  readonly sortKeys?: boolean;
  /** true: `[a, b]`; false: one line an item; undefined: flow for what holds only scalars. */
  readonly flow?: boolean | undefined;
  readonly allowUnicode?: boolean;
  readonly explicitStart?: boolean;
  readonly explicitEnd?: boolean;
}

/** Python's `yaml.dump`, byte for byte as PyYAML with libyaml writes it. */
export function toYaml(value: Value, options: YamlOptions = {}): string {
  return new Emitter(options).document(value);
}

type Context = "root" | "sequence" | "mapping" | "simple-key";

class Emitter {
  readonly #pen: Pen;
  readonly #step: number;
  readonly #sort: boolean;
  readonly #flow: boolean | undefined;
  readonly #unicode: boolean;
  readonly #start: boolean;
  readonly #end: boolean;
  #flowLevel = 0;

  constructor(options: YamlOptions) {
    const step = options.indent ?? 2;
    this.#step = step > 1 && step < 10 ? step : 2;
    const width = options.width ?? 80;
    this.#pen = new Pen(width > this.#step * 2 ? width : 80);
    this.#sort = options.sortKeys ?? true;
    this.#flow = options.flow;
    this.#unicode = options.allowUnicode ?? true;
    this.#start = options.explicitStart ?? false;
    this.#end = options.explicitEnd ?? false;
  }

  document(value: Value): string {
    if (this.#start) {
      this.#pen.raw("---");
      this.#pen.whitespace = false;
      this.#pen.indention = false;
    }
    this.#node(value, "root");
    if (this.#pen.column > 0) this.#pen.lineBreak();
    if (this.#end) this.#pen.text += "...\n";
    return this.#pen.text;
  }

  #node(value: Value, context: Context): void {
    if (Array.isArray(value)) this.#sequence(value, context);
    else if (isDict(value)) this.#mapping(value);
    else this.#scalar(value, context);
  }

  #isFlow(children: readonly Value[]): boolean {
    if (this.#flowLevel > 0 || children.length === 0) return true;
    return this.#flow ?? children.every((child) => !Array.isArray(child) && !isDict(child));
  }

  #deeper(flow: boolean, indentless: boolean, write: () => void): void {
    const before = this.#pen.indent;
    if (before === undefined) this.#pen.indent = flow ? this.#step : 0;
    else if (!indentless) this.#pen.indent = before + this.#step;
    write();
    this.#pen.indent = before;
  }

  #flowCollection(open: string, close: string, writers: readonly (() => void)[]): void {
    this.#pen.indicator(open, true, true);
    this.#flowLevel++;
    this.#deeper(true, false, () => {
      for (const [index, write] of writers.entries()) {
        if (index > 0) this.#pen.indicator(",", false);
        if (this.#pen.column > this.#pen.width) this.#pen.newLine();
        write();
      }
    });
    this.#flowLevel--;
    this.#pen.indicator(close, false);
  }

  #sequence(items: readonly Value[], context: Context): void {
    if (this.#isFlow(items)) {
      this.#flowCollection(
        "[",
        "]",
        items.map((item) => () => this.#node(item, "sequence")),
      );
      return;
    }
    this.#deeper(false, context === "mapping" && !this.#pen.indention, () => {
      for (const item of items) {
        this.#pen.newLine();
        this.#pen.indicator("-", true, false, true);
        this.#node(item, "sequence");
      }
    });
  }

  #mapping(value: { readonly [key: string]: Value }): void {
    const keys = Object.keys(value);
    if (this.#sort) keys.sort(byCodePoint);
    const entry = (key: string): void => {
      const analysis = analyzeScalar(key, this.#unicode);
      if (!analysis.multiline && key.length <= 128) {
        this.#node(key, "simple-key");
        this.#pen.indicator(":", false);
      } else {
        this.#pen.indicator("?", true, false, true);
        this.#node(key, "mapping");
        if (this.#flowLevel === 0 || this.#pen.column > this.#pen.width) this.#pen.newLine();
        this.#pen.indicator(":", true, false, true);
      }
      this.#node(value[key] ?? null, "mapping");
    };
    if (this.#isFlow(Object.values(value))) {
      this.#flowCollection(
        "{",
        "}",
        keys.map((key) => () => entry(key)),
      );
      return;
    }
    this.#deeper(false, false, () => {
      for (const key of keys) {
        this.#pen.newLine();
        entry(key);
      }
    });
  }

  #scalar(value: Value, context: Context): void {
    const isText =
      typeof value === "string" || value instanceof Tagged || value instanceof Unknown || value instanceof Omit;
    const text = scalarText(value);
    const analysis = analyzeScalar(text, this.#unicode);
    const split = context !== "simple-key";
    this.#deeper(true, false, () => {
      if (this.#mayBePlain(text, analysis, context, isText)) {
        writePlain(this.#pen, text, split);
      } else if (analysis.allowSingleQuoted && !(context === "simple-key" && analysis.multiline)) {
        writeSingleQuoted(this.#pen, text, split);
      } else writeDoubleQuoted(this.#pen, text, split, this.#unicode);
    });
  }

  #mayBePlain(text: string, analysis: ScalarAnalysis, context: Context, isText: boolean): boolean {
    if (isText && !resolvesToString(text)) return false;
    if (analysis.empty && (context === "simple-key" || this.#flowLevel > 0)) return false;
    if (context === "simple-key" && analysis.multiline) return false;
    return this.#flowLevel > 0 ? analysis.allowFlowPlain : analysis.allowBlockPlain;
  }
}

function scalarText(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "true" : "false";
  if (value instanceof Tagged) return value.text;
  if (value instanceof Float || (typeof value === "number" && !Number.isInteger(value))) {
    const number = value instanceof Float ? value.value : value;
    if (Number.isNaN(number)) return ".nan";
    if (!Number.isFinite(number)) return number > 0 ? ".inf" : "-.inf";
    const text = floatRepr(number);
    // YAML 1.1 takes 1e+16 for a string; it wants the point.
    return text.includes("e") && !text.includes(".") ? text.replace("e", ".0e") : text;
  }
  return typeof value === "number" || typeof value === "bigint" ? String(value) : pythonRepr(value);
}
