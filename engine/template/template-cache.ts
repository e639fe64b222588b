import type { Delimiters } from "./lexer.ts";
import { parseExpression, parseTemplate } from "./parser.ts";
import type { Expression, Template } from "./syntax.ts";
import { SyntaxFailure } from "./syntax-failure.ts";
import { type Origin, placeIn, TemplateError } from "./template-error.ts";

/** Keeps what was used last; a playbook renders the same few hundred texts for every host. */
class RecentlyUsed<T> {
  readonly #entries = new Map<string, T>();
  readonly #limit: number;
  constructor(limit: number) {
    this.#limit = limit;
  }
  get(key: string, make: () => T): T {
    let entry = this.#entries.get(key);
    if (entry !== undefined) this.#entries.delete(key);
    else entry = make();
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#limit) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    return entry;
  }
}

const templates = new RecentlyUsed<Template>(2000);
const expressions = new RecentlyUsed<Expression>(2000);

/** How the texts of playbooks are read. */
export const playbookText: Delimiters = { literalBackslashes: true };

/** Whether a text has anything to render. */
export function hasTemplate(text: string): boolean {
  return text.includes("{{") || text.includes("{%") || text.includes("{#");
}

/** The syntax tree of a template. @throws TemplateError `template-syntax` */
export function compileTemplate(source: string, options: Delimiters, origin: Origin | undefined): Template {
  const key = options === playbookText ? source : `${JSON.stringify(options)}\0${source}`;
  return placed(source, origin, () => templates.get(key, () => parseTemplate(source, options)));
}

/** The syntax tree of an expression without braces. @throws TemplateError `template-syntax` */
export function compileExpression(source: string, origin: Origin | undefined): Expression {
  return placed(source, origin, () => expressions.get(source, () => parseExpression(source)));
}

/** Ansible keeps the newlines at a template's end: as many as the text has, if the result has fewer. */
export function withNewlines(source: string, result: string, newline = "\n"): string {
  const count = (text: string): number => /(\r\n|\r|\n)*$/.exec(text)?.[0].match(/\r\n|\r|\n/g)?.length ?? 0;
  return result + newline.repeat(Math.max(0, count(source) - count(result)));
}

/** Gives a syntax error its place in the text. */
export function placed<T>(source: string, origin: Origin | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SyntaxFailure)) throw error;
    throw new TemplateError(
      "template-syntax",
      `template syntax: ${error.message}`,
      placeIn(source, error.at, origin),
      error.hint,
    );
  }
}
