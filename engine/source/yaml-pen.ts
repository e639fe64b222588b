/** Where the pen is, in PyYAML's terms; the folding of long scalars depends on it. */
export class Pen {
  text = "";
  column = 0;
  /** The last character was a blank, or nothing needs one. */
  whitespace = true;
  /** Only indentation, or `-` and the like, stands on this line so far. */
  indention = true;
  indent: number | undefined;
  readonly width: number;
  constructor(width: number) {
    this.width = width;
  }
  raw(text: string): void {
    this.text += text;
    this.column += text.length;
  }
  indicator(mark: string, needsBlank: boolean, whitespace = false, indention = false): void {
    this.raw(this.whitespace || !needsBlank ? mark : ` ${mark}`);
    this.whitespace = whitespace;
    this.indention = this.indention && indention;
  }
  lineBreak(): void {
    this.text += "\n";
    this.column = 0;
    this.whitespace = true;
    this.indention = true;
  }
  newLine(): void {
    const indent = this.indent ?? 0;
    if (!this.indention || this.column > indent || (this.column === indent && !this.whitespace)) this.lineBreak();
    if (this.column < indent) {
      this.raw(" ".repeat(indent - this.column));
      this.whitespace = true;
    }
  }
}
