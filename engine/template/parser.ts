import { type Delimiters, LexerError, type Token, tokenize, tokenizeExpression } from "./lexer.ts";
import { StatementParser } from "./parse-statement.ts";
import type { Expression, Template } from "./syntax.ts";
import { SyntaxFailure } from "./syntax-failure.ts";

/** @throws SyntaxFailure */
export function parseTemplate(source: string, options: Delimiters = {}): Template {
  const parser = new StatementParser(lexed(() => tokenize(source, options)));
  const body = parser.template();
  const [first] = body;
  const lone = body.length === 1 && first?.kind === "output" ? first.value : undefined;
  return { source, body, blocks: parser.blocks, lone };
}

/** @throws SyntaxFailure */
export function parseExpression(source: string): Expression {
  return new StatementParser(lexed(() => tokenizeExpression(source))).loneExpression();
}

function lexed(work: () => Token[]): Token[] {
  try {
    return work();
  } catch (error) {
    if (error instanceof LexerError) throw new SyntaxFailure(error.message, error.at);
    throw error;
  }
}
