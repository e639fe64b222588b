import type { Position } from "../source/diagnostic.ts";
import type { Unknown, Value } from "../source/value.ts";
import type { FileTemplate } from "./file-variables.ts";

/** Where a template looks names up. Values come back ready: already templated if they had to be. */
export interface Scope {
  /** undefined where there is no such variable. */
  lookup(name: string): Value | undefined;
  /** All names that can be looked up, for `did you mean` and `varnames`. */
  names(): Iterable<string>;
}

/** What lookups and some filters and tests may use besides their arguments. */
export interface TemplateContext {
  readonly scope: Scope;
  /** Folders in which `file`, `template`, `first_found` … search, the nearest first; then their `files`/`templates`. */
  readonly searchPath: readonly string[];
  /** Reads a controller's file, decrypting it if it is a vault. */
  readFile(path: string): Buffer;
  /** What `ansible_managed` is to be, as ansible.cfg has it: with `{file}`, `{host}`, `{uid}` and strftime's letters. */
  readonly managed?: string;
  /** Decrypts the text of a `!vault` value and remembers it as a secret. */
  decrypt(vaultText: string): string;
  /** Warnings, such as a deprecated spelling. Printed once each. */
  warn(message: string): void;
}

/** The one entry to templates; made once for each host and play, cheap to make. */
export interface Templar {
  /**
   * Renders a value all the way down: every string in it that holds a template, the keys of dicts too.
   * A string that is one expression alone gives its native type, as Ansible 2.19 does.
   * @throws TemplateError with the name, the line and the nearest known name
   */
  render(value: Value, at?: Position): Value;
  /** Renders a text to text, for the template module and lookup. */
  renderText(text: string, options: TextOptions): string | Unknown;
  /** An expression without braces, as in `when`, `until`, `loop` of older style: its native value. */
  evaluate(expression: string, at?: Position): Value;
  /** An expression as a condition; Unknown where it depends on what only the run shows. */
  test(expression: string, at?: Position): boolean | Unknown;
  /** What a lookup yields for the (rendered) terms of `with_NAME`: always a list. */
  lookup(name: string, terms: Value, at?: Position): Value[] | Unknown;
}

export interface TextOptions {
  /** The name of the file, for messages. */
  readonly file: string;
  readonly trimBlocks?: boolean;
  readonly lstripBlocks?: boolean;
  readonly newlineSequence?: string;
  readonly variableStart?: string;
  readonly variableEnd?: string;
  readonly blockStart?: string;
  readonly blockEnd?: string;
  readonly commentStart?: string;
  readonly commentEnd?: string;
  /** It is this file that is rendered: `template_path` and its kin tell of it. */
  readonly from?: FileTemplate;
  /** Variables that hide those of the scope (a lookup's own). */
  readonly extra?: { readonly [name: string]: Value };
}
// engine/template/templar.ts exports `createTemplar(context: TemplateContext): Templar` and
// `templateSyntaxErrors(text, at): Diagnostic[]` and `expressionSyntaxErrors(expression, at): Diagnostic[]` (used before
// the run: syntax, and names of filters, tests and lookups), `hasTemplate(text): boolean`,
// `filterNames()`, `testNames()`, `lookupNames()`.
