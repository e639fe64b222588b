import { integerLiteral, type Token, type TokenType } from "./lexer.ts";
import type { Arguments, BinaryOperator, CompareOperator, Expression, FilterExpression } from "./syntax.ts";
import { SyntaxFailure } from "./syntax-failure.ts";

const compareOperators: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
const literals: ReadonlyMap<string, null | boolean> = new Map([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["none", null],
  ["None", null],
]);
/** Words that end an expression or join two, and so are no bare argument of a test. */
const notAnArgument: ReadonlySet<string> = new Set(["else", "or", "and", "if", "in", "not", "is"]);

/** Recursive descent with Jinja's precedence, which is not quite Python's (`-2 ** 2` is 4, `**` groups left). */
export class ExpressionParser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The token to come, or one further on. */
  peek(ahead = 0): Token {
    return this.#tokens[this.#next + ahead] ?? { type: "end", value: "", at: this.#tokens.at(-1)?.at ?? 0 };
  }

  take(): Token {
    const token = this.peek();
    this.#next++;
    return token;
  }

  is(type: TokenType, value?: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.type === type && (value === undefined || token.value === value);
  }

  skip(type: TokenType, value?: string): boolean {
    if (!this.is(type, value)) return false;
    this.#next++;
    return true;
  }

  expect(type: TokenType, value?: string): Token {
    if (this.is(type, value)) return this.take();
    const wanted = value ?? describe(type);
    throw this.failure(`expected ${value === undefined ? wanted : `'${wanted}'`}, got ${this.got()}`);
  }

  got(): string {
    const token = this.peek();
    return token.type === "name" || token.type === "operator" || token.type === "integer" || token.type === "float"
      ? `'${token.value}'`
      : describe(token.type);
  }

  failure(message: string, token: Token = this.peek(), hint?: string): SyntaxFailure {
    return new SyntaxFailure(message, token.at, hint);
  }

  /** What stands in `{{ }}`: an expression, or a tuple without parentheses. */
  expressionOrTuple(): Expression {
    return this.#tuple(() => this.expression(), []);
  }

  /** The iterable of a `for`, where `if` and `recursive` are not part of the expression. */
  iterable(): Expression {
    return this.#tuple(() => this.#or(), ["recursive", "if"]);
  }

  #tuple(item: () => Expression, ends: readonly string[]): Expression {
    const at = this.peek().at;
    const items: Expression[] = [];
    let comma = false;
    for (;;) {
      if (items.length > 0) {
        if (!this.skip("operator", ",")) break;
        comma = true;
      }
      if (this.#atTupleEnd(ends)) break;
      items.push(item());
    }
    const [first] = items;
    if (first === undefined) throw this.failure(`expected an expression, got ${this.got()}`);
    return comma ? { kind: "tuple", items, at } : first;
  }

  #atTupleEnd(ends: readonly string[]): boolean {
    const { type, value } = this.peek();
    if (type === "variable_end" || type === "block_end" || type === "end") return true;
    if (type === "operator" && value === ")") return true;
    return type === "name" && ends.includes(value);
  }

  expression(): Expression {
    let value = this.#or();
    while (this.is("name", "if")) {
      const { at } = this.take();
      const test = this.#or();
      const otherwise = this.skip("name", "else") ? this.expression() : undefined;
      value = { kind: "conditional", test, value, otherwise, at };
    }
    return value;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.is("name", "or")) {
      const { at } = this.take();
      left = { kind: "or", left, right: this.#and(), at };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.is("name", "and")) {
      const { at } = this.take();
      left = { kind: "and", left, right: this.#not(), at };
    }
    return left;
  }

  #not(): Expression {
    if (!this.is("name", "not")) return this.#compare();
    const { at } = this.take();
    return { kind: "not", operand: this.#not(), at };
  }

  #compare(): Expression {
    const first = this.#sum();
    const rest: [CompareOperator, Expression][] = [];
    const { at } = this.peek();
    for (;;) {
      const token = this.peek();
      if (token.type === "operator" && compareOperators.has(token.value)) {
        this.take();
        rest.push([token.value as CompareOperator, this.#sum()]);
      } else if (this.is("name", "in")) {
        this.take();
        rest.push(["in", this.#sum()]);
      } else if (this.is("name", "not") && this.is("name", "in", 1)) {
        this.take();
        this.take();
        rest.push(["not in", this.#sum()]);
      } else break;
    }
    return rest.length === 0 ? first : { kind: "compare", first, rest, at };
  }

  #binary(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const token = this.peek();
      const operator = token.type === "operator" ? operators.find((each) => each === token.value) : undefined;
      if (operator === undefined) return left;
      this.take();
      left = { kind: "binary", operator, left, right: operand(), at: token.at };
    }
  }

  #sum(): Expression {
    return this.#binary(["+", "-"], () => this.#concat());
  }

  #concat(): Expression {
    const first = this.#product();
    if (!this.is("operator", "~")) return first;
    const parts = [first];
    const { at } = this.peek();
    while (this.skip("operator", "~")) parts.push(this.#product());
    return { kind: "concat", parts, at };
  }

  #product(): Expression {
    return this.#binary(["*", "/", "//", "%"], () => this.#power());
  }

  #power(): Expression {
    return this.#binary(["**"], () => this.#unary(true));
  }

  #unary(withFilter: boolean): Expression {
    const token = this.peek();
    let value: Expression;
    if (this.skip("operator", "-")) value = { kind: "negate", operand: this.#unary(false), at: token.at };
    else if (this.skip("operator", "+")) value = { kind: "plus", operand: this.#unary(false), at: token.at };
    else value = this.primary();
    value = this.postfix(value);
    return withFilter ? this.#filtersAndTests(value) : value;
  }

  primary(): Expression {
    const token = this.peek();
    const { at } = token;
    switch (token.type) {
      case "name": {
        this.take();
        const literal = literals.get(token.value);
        if (literal !== undefined) return { kind: "literal", value: literal, at };
        return { kind: "name", name: token.value, at };
      }
      case "string": {
        let value = "";
        while (this.is("string")) value += this.take().value;
        return { kind: "literal", value, at };
      }
      case "integer":
        this.take();
        return { kind: "literal", value: integerLiteral(token.value), at };
      case "float":
        this.take();
        return { kind: "float", value: Number(token.value.replaceAll("_", "")), at };
      case "operator":
        if (token.value === "(") return this.#parenthesis();
        if (token.value === "[") return { kind: "list", items: this.#items("[", "]"), at };
        if (token.value === "{") return this.#dict();
        break;
      default:
    }
    throw this.failure(`expected an expression, got ${this.got()}`);
  }

  #parenthesis(): Expression {
    const { at } = this.expect("operator", "(");
    if (this.skip("operator", ")")) return { kind: "tuple", items: [], at };
    const value = this.expressionOrTuple();
    this.expect("operator", ")");
    return value;
  }

  #items(open: string, close: string): Expression[] {
    this.expect("operator", open);
    const items: Expression[] = [];
    while (!this.is("operator", close)) {
      if (items.length > 0) this.expect("operator", ",");
      if (this.is("operator", close)) break;
      items.push(this.expression());
    }
    this.expect("operator", close);
    return items;
  }

  #dict(): Expression {
    const { at } = this.expect("operator", "{");
    const pairs: [Expression, Expression][] = [];
    while (!this.is("operator", "}")) {
      if (pairs.length > 0) this.expect("operator", ",");
      if (this.is("operator", "}")) break;
      const key = this.expression();
      this.expect("operator", ":");
      pairs.push([key, this.expression()]);
    }
    this.expect("operator", "}");
    return { kind: "dict", pairs, at };
  }

  postfix(start: Expression): Expression {
    let value = start;
    for (;;) {
      const token = this.peek();
      if (token.type !== "operator") return value;
      if (token.value === ".") {
        this.take();
        const name = this.take();
        if (name.type === "name") value = { kind: "attribute", object: value, name: name.value, at: name.at };
        else if (name.type === "integer") {
          const key: Expression = { kind: "literal", value: integerLiteral(name.value), at: name.at };
          value = { kind: "index", object: value, key, at: name.at };
        } else throw this.failure("expected a name or number after '.'", name);
      } else if (token.value === "[") value = this.#subscript(value);
      else if (token.value === "(") value = { kind: "call", callee: value, args: this.args(), at: token.at };
      else return value;
    }
  }

  #subscript(object: Expression): Expression {
    const { at } = this.expect("operator", "[");
    const part = (): Expression | undefined =>
      this.is("operator", ":") || this.is("operator", "]") ? undefined : this.expression();
    const start = part();
    if (this.is("operator", ":")) {
      this.take();
      const stop = part();
      const step = this.skip("operator", ":") ? part() : undefined;
      this.expect("operator", "]");
      return { kind: "slice", object, start, stop, step, at };
    }
    if (start === undefined) throw this.failure("expected an index");
    this.expect("operator", "]");
    return { kind: "index", object, key: start, at };
  }

  #filtersAndTests(start: Expression): Expression {
    let value = start;
    for (;;) {
      const token = this.peek();
      if (this.is("operator", "|")) value = this.filter(value);
      else if (this.is("name", "is")) value = this.#test(value);
      else if (this.is("operator", "(")) value = { kind: "call", callee: value, args: this.args(), at: token.at };
      else return value;
    }
  }

  /** `| name(args)`; the bar may be missing at the start of a filter block. */
  filter(input: Expression | undefined, bar = true): FilterExpression {
    if (bar) this.expect("operator", "|");
    const { at } = this.peek();
    const name = this.#dottedName("a filter's name");
    const args = this.is("operator", "(") ? this.args() : noArguments;
    return { kind: "filter", input, name, args, at };
  }

  #dottedName(what: string): string {
    if (!this.is("name")) throw this.failure(`expected ${what}, got ${this.got()}`);
    let name = this.take().value;
    while (this.is("operator", ".") && this.is("name", undefined, 1)) {
      this.take();
      name += `.${this.take().value}`;
    }
    return name;
  }

  #test(input: Expression): Expression {
    this.expect("name", "is");
    const negated = this.skip("name", "not");
    const { at } = this.peek();
    const name = this.#dottedName("a test's name");
    let args = noArguments;
    const token = this.peek();
    if (this.is("operator", "(")) args = this.args();
    else if (
      token.type === "string" ||
      token.type === "integer" ||
      token.type === "float" ||
      (token.type === "name" && !notAnArgument.has(token.value)) ||
      (token.type === "operator" && (token.value === "[" || token.value === "{"))
    )
      args = { ...noArguments, positional: [this.postfix(this.primary())] };
    else if (token.type === "name" && token.value === "is")
      throw this.failure("tests cannot be chained with 'is'; join them with 'and'");
    return { kind: "test", input, name, args, negated, at };
  }

  args(): Arguments {
    this.expect("operator", "(");
    const positional: Expression[] = [];
    const named: [string, Expression][] = [];
    let spread: Expression | undefined;
    let spreadNamed: Expression | undefined;
    let first = true;
    while (!this.is("operator", ")")) {
      if (!first) this.expect("operator", ",");
      first = false;
      if (this.is("operator", ")")) break;
      if (this.skip("operator", "**")) spreadNamed = this.expression();
      else if (this.skip("operator", "*")) spread = this.expression();
      else if (this.is("name") && this.is("operator", "=", 1)) {
        const name = this.take().value;
        this.take();
        named.push([name, this.expression()]);
      } else {
        if (named.length > 0) throw this.failure("an argument without a name cannot follow one with a name");
        positional.push(this.expression());
      }
    }
    this.expect("operator", ")");
    return { positional, named, spread, spreadNamed };
  }

  loneExpression(): Expression {
    const value = this.expressionOrTuple();
    if (!this.is("end")) throw this.failure(`unexpected ${this.got()} after the expression`);
    return value;
  }
}

export const noArguments: Arguments = { positional: [], named: [], spread: undefined, spreadNamed: undefined };

function describe(type: TokenType): string {
  switch (type) {
    case "variable_end":
      return "the end of the expression";
    case "block_end":
      return "the end of the tag";
    case "end":
      return "the end of the template";
    case "data":
    case "block_begin":
    case "variable_begin":
      return "text";
    case "name":
      return "a name";
    default:
      return `a ${type}`;
  }
}
