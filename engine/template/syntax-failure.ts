/** A template's or expression's syntax error; `at` is the offset in the text. */
export class SyntaxFailure extends Error {
  readonly at: number;
  readonly hint: string | undefined;
  constructor(message: string, at: number, hint?: string) {
    super(message);
    this.at = at;
    this.hint = hint;
  }
}
