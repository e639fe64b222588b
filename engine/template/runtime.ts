import { basename, dirname } from "node:path";
import { nearest } from "../source/nearest.ts";
import { Unknown } from "../source/value.ts";
import type { TemplateContext, TextOptions } from "./contract.ts";
import { Evaluator } from "./evaluate.ts";
import { Executor, Output, type TemplateLoader } from "./execute.ts";
import { fileVariables } from "./file-variables.ts";
import { filters } from "./filters/index.ts";
import { Frame } from "./frame.ts";
import { globals } from "./globals.ts";
import { readHeader } from "./header.ts";
import { type CallArguments, fail, type Item, type ItemDict, newDict } from "./item.ts";
import type { Delimiters } from "./lexer.ts";
import { findFile } from "./lookups/find-file.ts";
import { lookups } from "./lookups/index.ts";
import { bind, type Runtime, shortName } from "./plugin.ts";
import { compileExpression, compileTemplate, placed, withNewlines } from "./template-cache.ts";
import { tests } from "./tests/index.ts";

const noArguments: CallArguments = { positional: [], named: newDict() };

/** Joins evaluator, filters, tests, lookups and a scope. */
export class TemplateRuntime implements Runtime {
  readonly context: TemplateContext;
  readonly evaluator: Evaluator;
  #globals: ItemDict | undefined;

  constructor(context: TemplateContext) {
    this.context = context;
    this.evaluator = new Evaluator(
      this,
      { filters, tests },
      (name) => {
        const found = this.variable(name);
        return found === undefined ? this.#global(name) : found;
      },
      () => context.scope.names(),
    );
  }

  #global(name: string): Item | undefined {
    this.#globals ??= globals(this);
    return Object.hasOwn(this.#globals, name) ? this.#globals[name] : undefined;
  }

  variable(name: string): Item | undefined {
    return this.context.scope.lookup(name);
  }

  filter(name: string, input: Item, args: CallArguments = noArguments): Item {
    return this.evaluator.filter(name, input, args);
  }

  test(name: string, input: Item, args: CallArguments = noArguments): boolean {
    return this.evaluator.test(name, input, args);
  }

  member(object: Item, path: Item): Item {
    return this.evaluator.member(object, path);
  }

  call(callee: Item, args: CallArguments): Item {
    return this.evaluator.call(callee, args);
  }

  lookup(name: string, terms: readonly Item[], options: ItemDict): Item {
    const found = lookups.get(shortName(name));
    if (found === undefined) {
      const near = nearest(shortName(name), lookups.keys());
      return fail(
        `there is no lookup '${name}'`,
        "unknown-lookup",
        near === undefined ? undefined : `Did you mean '${near}'?`,
      );
    }
    const unknown = terms.find((each) => each instanceof Unknown);
    if (unknown) return unknown;
    const { bound, collected } = bind(found, `the lookup '${name}'`, { positional: [], named: options });
    return found.run([...terms], bound, this, collected);
  }

  evaluate(expression: string): Item {
    const place = { source: expression, origin: undefined };
    return this.evaluator.evaluate(compileExpression(expression, undefined), new Frame(), place);
  }

  /** Throws UnknownFound where the text cannot be known. */
  renderText(source: string, options: TextOptions): string {
    const { body, settings } = placed(source, { file: options.file, line: 1, column: 1 }, () => readHeader(source));
    const { file, extra, from, ...delimiters } = { ...options, ...settings };
    const origin = { file, line: body === source ? 1 : 2, column: 1 };
    const frame = new Frame();
    for (const [name, value] of from ? fileVariables(file, from, this.context) : []) frame.set(name, value);
    for (const [name, value] of Object.entries(extra ?? {})) frame.set(name, value);
    const template = compileTemplate(body, delimiters, origin);
    const output = new Output();
    const place = { source: body, origin };
    try {
      new Executor(this.evaluator, this.loader(delimiters, file), place).template(template, output, frame);
      return withNewlines(body, output.text(), options.newlineSequence);
    } catch (error) {
      throw this.evaluator.placed(error, 0, place);
    }
  }

  /** Finds included templates: beside the file, then along the search path. */
  loader(delimiters: Delimiters, from?: string): TemplateLoader {
    return {
      load: (name) => {
        const beside = from === undefined || basename(from) === from ? [] : [dirname(from)];
        const path = findFile(name, "templates", [...beside, ...this.context.searchPath]);
        if (path === undefined) return undefined;
        const source = this.context.readFile(path).toString("utf8");
        const origin = { file: path, line: 1, column: 1 };
        return { template: compileTemplate(source, delimiters, origin), place: { source, origin } };
      },
    };
  }
}
