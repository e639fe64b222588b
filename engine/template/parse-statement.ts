import { nearest } from "../source/nearest.ts";
import type { Token } from "./lexer.ts";
import { ExpressionParser } from "./parse-expression.ts";
import type { Expression, FilterExpression, MacroBody, Parameter, Statement, Target } from "./syntax.ts";

const tags = [
  ...["for", "if", "macro", "call", "set", "filter", "with", "do", "include", "import", "from", "extends", "block"],
  ...["break", "continue", "raw", "autoescape"],
];

export class StatementParser extends ExpressionParser {
  readonly blocks = new Map<string, readonly Statement[]>();
  #loops = 0;
  readonly #names: Set<string>[] = [];

  constructor(tokens: readonly Token[]) {
    super(tokens);
  }

  template(): Statement[] {
    return this.#body([], undefined);
  }

  /** Statements up to one of the tags in `ends`, whose name is left as the next token. */
  #body(ends: readonly string[], opener: { name: string; token: Token } | undefined): Statement[] {
    const result: Statement[] = [];
    for (;;) {
      const token = this.peek();
      if (token.type === "end") {
        if (opener === undefined) return result;
        const closing = ends.filter((each) => each.startsWith("end"));
        throw this.failure(`{% ${opener.name} %} is never closed with {% ${closing.join(" or ")} %}`, opener.token);
      }
      this.take();
      if (token.type === "data") result.push({ kind: "text", text: token.value, at: token.at });
      else if (token.type === "variable_begin") {
        const value = this.expressionOrTuple();
        this.expect("variable_end");
        result.push({ kind: "output", value, at: token.at });
      } else if (token.type === "block_begin") {
        if (this.is("name") && ends.includes(this.peek().value)) return result;
        const statement = this.#statement(ends);
        if (Array.isArray(statement)) result.push(...statement);
        else result.push(statement);
      } else throw this.failure(`unexpected ${token.value}`, token);
    }
  }

  #until(ends: readonly string[], name: string, token: Token): { body: Statement[]; end: string } {
    this.expect("block_end");
    const body = this.#body(ends, { name, token });
    return { body, end: this.take().value };
  }

  #statement(ends: readonly string[]): Statement | Statement[] {
    const token = this.expect("name");
    const { at, value: name } = token;
    switch (name) {
      case "for":
        return this.#for(token);
      case "if":
        return this.#if(token);
      case "macro": {
        const macroName = this.expect("name").value;
        const macro = this.#macro(macroName, this.#parameters(), "macro", token);
        return { kind: "macro", macro, at };
      }
      case "call": {
        const parameters = this.is("operator", "(") ? this.#parameters() : [];
        const call = this.expression();
        if (call.kind !== "call") throw this.failure("{% call %} needs the call of a macro", token);
        return { kind: "call-block", call, caller: this.#macro("caller", parameters, "call", token), at };
      }
      case "set":
        return this.#set(token);
      case "filter": {
        const filters = this.#filterChain();
        return {
          kind: "filter-block",
          filters,
          body: this.#until(["endfilter"], name, token).body,
          ...this.#close(at),
        };
      }
      case "with": {
        const bindings: [Target, Expression][] = [];
        while (!this.is("block_end")) {
          if (bindings.length > 0) this.expect("operator", ",");
          const target = this.#target();
          this.expect("operator", "=");
          bindings.push([target, this.expression()]);
        }
        return { kind: "with", bindings, body: this.#until(["endwith"], name, token).body, ...this.#close(at) };
      }
      case "do": {
        const value = this.expressionOrTuple();
        return { kind: "do", value, ...this.#close(at) };
      }
      case "include": {
        const template = this.expression();
        const ignoreMissing = this.is("name", "ignore") && this.is("name", "missing", 1);
        if (ignoreMissing) {
          this.take();
          this.take();
        }
        return { kind: "include", template, ignoreMissing, withContext: this.#context(true), ...this.#close(at) };
      }
      case "import": {
        const template = this.expression();
        this.expect("name", "as");
        const alias = this.expect("name").value;
        return { kind: "import", template, alias, withContext: this.#context(false), ...this.#close(at) };
      }
      case "from":
        return this.#fromImport(token);
      case "extends": {
        const template = this.expression();
        return { kind: "extends", template, ...this.#close(at) };
      }
      case "block":
        return this.#block(token);
      case "break":
      case "continue":
        if (this.#loops === 0) throw this.failure(`{% ${name} %} stands outside a loop`, token);
        return { kind: name, ...this.#close(at) };
      case "autoescape": {
        this.expression();
        const { body } = this.#until(["endautoescape"], name, token);
        this.expect("block_end");
        return body;
      }
      default: {
        const expected = ends.filter((each) => each.startsWith("end"));
        const hint = nearest(name, [...tags, ...expected]);
        const wanted = expected.length > 0 ? `; {% ${expected.join(" or ")} %} is open` : "";
        throw this.failure(
          name.startsWith("end") || name === "else" || name === "elif"
            ? `{% ${name} %} does not fit here${wanted}`
            : `there is no tag {% ${name} %}`,
          token,
          hint === undefined ? undefined : `Did you mean '${hint}'?`,
        );
      }
    }
  }

  /** Ends the tag, and gives the statement its place. */
  #close(at: number): { at: number } {
    this.expect("block_end");
    return { at };
  }

  #context(fallback: boolean): boolean {
    for (const [word, value] of [
      ["with", true],
      ["without", false],
    ] as const)
      if (this.is("name", word) && this.is("name", "context", 1)) {
        this.take();
        this.take();
        return value;
      }
    return fallback;
  }

  #for(token: Token): Statement {
    const target = this.#targets("in");
    this.expect("name", "in");
    const items = this.iterable();
    const condition = this.skip("name", "if") ? this.expression() : undefined;
    const recursive = this.skip("name", "recursive");
    this.#loops++;
    const { body, end } = this.#until(["endfor", "else"], "for", token);
    this.#loops--;
    const otherwise = end === "else" ? this.#until(["endfor"], "for", token).body : [];
    return { kind: "for", target, items, condition, recursive, body, otherwise, ...this.#close(token.at) };
  }

  #if(token: Token): Statement {
    const branches: { test: Expression; body: Statement[] }[] = [];
    let otherwise: Statement[] = [];
    for (;;) {
      const test = this.expressionOrTuple();
      const { body, end } = this.#until(["elif", "else", "endif"], "if", token);
      branches.push({ test, body });
      if (end === "elif") continue;
      if (end === "else") otherwise = this.#until(["endif"], "if", token).body;
      break;
    }
    return { kind: "if", branches, otherwise, ...this.#close(token.at) };
  }

  #parameters(): Parameter[] {
    this.expect("operator", "(");
    const result: Parameter[] = [];
    while (!this.is("operator", ")")) {
      if (result.length > 0) this.expect("operator", ",");
      if (this.is("operator", ")")) break;
      const { value: name } = this.expect("name");
      const fallback = this.skip("operator", "=") ? this.expression() : undefined;
      if (fallback === undefined && result.at(-1)?.fallback !== undefined)
        throw this.failure("a parameter without a default cannot follow one with a default");
      result.push({ name, fallback });
    }
    this.expect("operator", ")");
    return result;
  }

  #macro(name: string, parameters: Parameter[], tag: string, token: Token): MacroBody {
    const used = new Set<string>();
    this.#names.push(used);
    const loops = this.#loops;
    this.#loops = 0;
    const { body } = this.#until([`end${tag}`], tag, token);
    this.#loops = loops;
    this.#names.pop();
    this.expect("block_end");
    return { name, parameters, body, usesVarargs: used.has("varargs"), usesKwargs: used.has("kwargs") };
  }

  /** Notes which names a macro's body reads: only then does it take arguments beyond its parameters. */
  override primary(): Expression {
    const value = super.primary();
    if (value.kind === "name") for (const names of this.#names) names.add(value.name);
    return value;
  }

  #set(token: Token): Statement {
    const target = this.#targets("=");
    if (this.skip("operator", "=")) {
      const value = this.expressionOrTuple();
      return { kind: "set", target, value, ...this.#close(token.at) };
    }
    const filters = this.is("operator", "|") ? this.#filterChain() : [];
    return {
      kind: "set-block",
      target,
      filters,
      body: this.#until(["endset"], "set", token).body,
      ...this.#close(token.at),
    };
  }

  #filterChain(): FilterExpression[] {
    const filters = [this.filter(undefined, this.is("operator", "|"))];
    while (this.is("operator", "|")) filters.push(this.filter(undefined));
    return filters;
  }

  #targets(end: string): Target {
    const { at } = this.peek();
    const items = [this.#target()];
    let comma = false;
    while (this.skip("operator", ",")) {
      comma = true;
      if (this.peek().value === end) break;
      items.push(this.#target());
    }
    const [first] = items;
    return !comma && first !== undefined ? first : { kind: "tuple", items, at };
  }

  #target(): Target {
    if (this.skip("operator", "(")) {
      const target = this.#targets(")");
      this.expect("operator", ")");
      return target;
    }
    const { at, value: name } = this.expect("name");
    if (["true", "false", "none", "True", "False", "None"].includes(name))
      throw this.failure(`cannot assign to ${name}`, { type: "name", value: name, at });
    if (this.skip("operator", ".")) return { kind: "member", name, member: this.expect("name").value, at };
    return { kind: "name", name, at };
  }

  #fromImport(token: Token): Statement {
    const template = this.expression();
    this.expect("name", "import");
    const names: [string, string][] = [];
    while (!this.is("block_end")) {
      if (this.is("name", "with") || this.is("name", "without")) break;
      if (names.length > 0) this.expect("operator", ",");
      if (this.is("block_end")) break;
      const { value: name } = this.expect("name");
      names.push([name, this.skip("name", "as") ? this.expect("name").value : name]);
    }
    return { kind: "from-import", template, names, withContext: this.#context(false), ...this.#close(token.at) };
  }

  #block(token: Token): Statement {
    const name = this.expect("name");
    if (this.blocks.has(name.value)) throw this.failure(`the block "${name.value}" is defined twice`, name);
    this.skip("name", "scoped");
    this.skip("name", "required");
    this.blocks.set(name.value, []);
    const { body } = this.#until(["endblock"], "block", token);
    this.skip("name", name.value);
    this.blocks.set(name.value, body);
    return { kind: "block", name: name.value, body, ...this.#close(token.at) };
  }
}
