import { type Event, parseEvents, YAMLException } from "js-yaml";

/** A text as it was parsed: some lines may have been pushed to the right. */
export interface ParsedText {
  readonly source: string;
  readonly events: readonly Event[];
  /** How many spaces were put before a line, by its number from 0. */
  readonly pushed: ReadonlyMap<number, number>;
}

/**
 * The events of a YAML text. YAML 1.2, and js-yaml with it, want what stands between brackets or quotes to be indented
 * deeper than the key that it belongs to; PyYAML does not, and a closing bracket below its key is common in playbooks.
 * White space at the start of such a line means nothing, so these lines are pushed to the right until they are accepted.
 *
 * @throws YAMLException, about the text as it is
 */
export function readEvents(text: string, file: string): ParsedText {
  const pushed = new Map<number, number>();
  let source = text;
  let first: YAMLException | undefined;
  for (;;) {
    try {
      return { source, events: parseEvents(source, { filename: file, maxDepth: 200 }), pushed };
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      first ??= error;
      const line = error.reason === "deficient indentation" ? error.mark?.line : undefined;
      if (!line || pushed.has(line)) throw first;
      const lines = source.split("\n");
      const content = lines[line] ?? "";
      // A tab there is refused by PyYAML too; so is a document that ends within brackets or quotes.
      if (/^ *\t|^(?:---|\.\.\.)(?:\s|$)/.test(content)) throw first;
      const width = Math.max(...lines.slice(0, line).map((each) => each.search(/\S|$/))) + 1;
      lines[line] = " ".repeat(width) + content;
      pushed.set(line, width);
      source = lines.join("\n");
    }
  }
}
