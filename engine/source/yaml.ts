import {
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
  YAMLException,
} from "js-yaml";
import { type Diagnostic, DiagnosticError, type Position } from "./diagnostic.ts";
import type { MappingEntry, MappingNode, Node, ScalarNode } from "./node.ts";
import { dict, Tagged, type Value } from "./value.ts";
import { type ParsedText, readEvents } from "./yaml-events.ts";
import { explainSyntaxError, unquotedTemplate } from "./yaml-explain.ts";
import { readFloat, readInt, resolvePlain } from "./yaml-scalar.ts";

/** Finds line and column of an offset; lines are looked up by bisection. */
export class LineIndex {
  readonly file: string;
  readonly #starts: number[] = [0];
  readonly #pushed: ReadonlyMap<number, number>;
  /** @param pushed how many spaces stand before a line (from 0) that the file does not have there */
  constructor(text: string, file: string, pushed: ReadonlyMap<number, number> = new Map()) {
    this.file = file;
    this.#pushed = pushed;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
  }
  at(offset: number): Position {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const column = offset - (this.#starts[low] ?? 0) - (this.#pushed.get(low) ?? 0) + 1;
    return { file: this.file, line: low + 1, column: Math.max(1, column) };
  }
}

/**
 * Reads YAML as PyYAML does, keeping the place of every node. An empty text is one document with a null scalar.
 * @throws DiagnosticError `yaml-syntax`, `yaml-tag`, `yaml-anchor`, `yaml-key`
 */
export function parseYaml(text: string, file: string): { documents: Node[]; warnings: Diagnostic[] } {
  const plain = text.startsWith("\uFEFF") ? text.slice(1) : text;
  let parsed: ParsedText;
  try {
    parsed = readEvents(plain, file);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new DiagnosticError(explainSyntaxError(plain, file, error.reason, error.mark));
  }
  const lines = new LineIndex(parsed.source, file, parsed.pushed);
  const composer = new Composer(parsed.source, lines, parsed.events);
  const documents = composer.documents();
  if (documents.length === 0)
    documents.push({ kind: "scalar", value: null, style: "plain", at: { file, line: 1, column: 1 } });
  return { documents, warnings: composer.warnings };
}

/**
 * As {@link parseYaml}, of a file that is one document: Ansible's files all are.
 * @throws DiagnosticError, `yaml-documents` where there is a second one
 */
export function parseDocument(text: string, file: string): { document: Node; warnings: Diagnostic[] } {
  const { documents, warnings } = parseYaml(text, file);
  const [document, second] = documents;
  if (!document) throw new Error("a text without a document");
  if (!second) return { document, warnings };
  throw new DiagnosticError({
    code: "yaml-documents",
    severity: "error",
    summary: "a second document begins here; this file may have one",
    at: second.at,
    hint: "Take out the `---` above it, or make two files.",
  });
}

class Composer {
  readonly warnings: Diagnostic[] = [];
  readonly #source: string;
  readonly #lines: LineIndex;
  readonly #events: readonly Event[];
  #next = 0;
  #anchors = new Map<string, Node | "open">();
  /** Where an absent value is: behind the last thing read. */
  #last = 0;

  constructor(source: string, lines: LineIndex, events: readonly Event[]) {
    this.#source = source;
    this.#lines = lines;
    this.#events = events;
  }

  documents(): Node[] {
    const result: Node[] = [];
    while (this.#next < this.#events.length) {
      const event = this.#events[this.#next++];
      if (event?.type !== EVENT_ID.DOCUMENT) continue;
      this.#anchors = new Map();
      if (this.#events[this.#next]?.type === EVENT_ID.POP) {
        result.push({ kind: "scalar", value: null, style: "plain", at: this.#lines.at(this.#last) });
      } else result.push(this.#node(false));
      this.#next++;
    }
    return result;
  }

  #fail(code: string, summary: string, offset: number, hint?: string): never {
    throw new DiagnosticError({ code, severity: "error", summary, at: this.#lines.at(offset), hint });
  }

  #node(unsafe: boolean): Node {
    const event = this.#events[this.#next++];
    if (event === undefined) throw new Error("the YAML event stream ended inside a document");
    switch (event.type) {
      case EVENT_ID.ALIAS: {
        this.#last = event.anchorEnd;
        const name = this.#source.slice(event.anchorStart, event.anchorEnd);
        const node = this.#anchors.get(name);
        if (node === undefined)
          this.#fail("yaml-anchor", `there is no anchor "&${name}" before this alias`, event.anchorStart - 1);
        if (node === "open")
          this.#fail("yaml-anchor", `the alias "*${name}" stands inside its own anchor`, event.anchorStart - 1);
        return node;
      }
      case EVENT_ID.SCALAR:
        return this.#anchored(event, () => this.#scalar(event, unsafe));
      case EVENT_ID.SEQUENCE:
        return this.#anchored(event, () => {
          const tagged = this.#collectionTag(event, unsafe, "seq");
          const items: Node[] = [];
          while (this.#events[this.#next]?.type !== EVENT_ID.POP) items.push(this.#node(tagged));
          this.#next++;
          return { kind: "sequence", items, at: this.#lines.at(event.start) };
        });
      case EVENT_ID.MAPPING:
        return this.#anchored(event, () => this.#mapping(event, unsafe));
      default:
        throw new Error(`unexpected YAML event ${event.type}`);
    }
  }

  #anchored(event: ScalarEvent | SequenceEvent | MappingEvent, make: () => Node): Node {
    if (event.anchorStart < 0) return make();
    const name = this.#source.slice(event.anchorStart, event.anchorEnd);
    this.#anchors.set(name, "open");
    const node = make();
    this.#anchors.set(name, node);
    return node;
  }

  #tag(event: ScalarEvent | SequenceEvent | MappingEvent): string | undefined {
    return event.tagStart < 0
      ? undefined
      : this.#source
          .slice(event.tagStart, event.tagEnd)
          .replace(/^!!|^!?<?tag:yaml\.org,2002:|>$/g, (part) => (part === ">" ? "" : "!!"));
  }

  #collectionTag(event: SequenceEvent | MappingEvent, unsafe: boolean, kind: "seq" | "map"): boolean {
    const tag = this.#tag(event);
    if (tag === undefined || tag === "!" || tag === `!!${kind}` || tag === "!!omap") return unsafe;
    if (tag === "!unsafe") return true;
    return this.#unknownTag(tag, event.tagStart);
  }

  #unknownTag(tag: string, offset: number): never {
    return this.#fail("yaml-tag", `the tag "${tag}" is not known here`, offset, "Known tags are !vault and !unsafe.");
  }

  #scalar(event: ScalarEvent, unsafe: boolean): ScalarNode {
    const style =
      event.style === SCALAR_STYLE.PLAIN
        ? "plain"
        : event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED
          ? "quoted"
          : "block";
    let start = event.valueStart;
    if (start < 0) start = event.tagEnd >= 0 ? event.tagEnd : event.anchorEnd >= 0 ? event.anchorEnd : this.#last;
    else if (style === "block") while (this.#source[start] === " " || this.#source[start] === "\n") start++;
    this.#last = Math.max(start, event.valueEnd);
    const text = this.#scalarText(event, style);
    const value = this.#scalarValue(event, style === "plain" ? resolvePlain(text) : text, text);
    return {
      kind: "scalar",
      value: unsafe && typeof value === "string" ? new Tagged("unsafe", value) : value,
      style,
      at: this.#lines.at(Math.min(start, this.#source.length)),
    };
  }

  #scalarText(event: ScalarEvent, style: ScalarNode["style"]): string {
    if (event.valueStart < 0) return "";
    const text = getScalarValue(this.#source, event);
    // A block that ends with the file, whose last line has no end, has none either.
    const cut = style === "block" && event.valueEnd === this.#source.length && !this.#source.endsWith("\n");
    return cut && text.endsWith("\n") ? text.slice(0, -1) : text;
  }

  #scalarValue(event: ScalarEvent, resolved: Value, text: string): Value {
    const tag = this.#tag(event);
    switch (tag) {
      case undefined:
        return resolved;
      case "!":
      case "!!str":
        return text;
      case "!unsafe":
        return typeof resolved === "string" ? new Tagged("unsafe", resolved) : resolved;
      case "!vault":
      case "!vault-encrypted":
        return new Tagged("vault", text);
      case "!!null":
        return null;
      case "!!int": {
        const int = readInt(text);
        return int === undefined ? this.#fail("yaml-tag", `"${text}" is no integer`, event.tagStart) : int;
      }
      case "!!float": {
        const float = readFloat(/^[-+]?\d+$/.test(text) ? `${text}.0` : text);
        return float === undefined ? this.#fail("yaml-tag", `"${text}" is no number`, event.tagStart) : float;
      }
      case "!!bool": {
        const boolean = resolvePlain(text);
        return typeof boolean === "boolean"
          ? boolean
          : this.#fail("yaml-tag", `"${text}" is no boolean`, event.tagStart);
      }
      case "!!binary":
        return Buffer.from(text.replace(/\s+/g, ""), "base64").toString("utf8");
      default:
        return this.#unknownTag(tag, event.tagStart);
    }
  }

  #mapping(event: MappingEvent, unsafe: boolean): MappingNode {
    const tagged = this.#collectionTag(event, unsafe, "map");
    const own = new Map<string, MappingEntry>();
    const merged = new Map<string, MappingEntry>();
    while (this.#events[this.#next]?.type !== EVENT_ID.POP) {
      const keyEvent = this.#events[this.#next];
      const keyStart = keyEvent !== undefined && "start" in keyEvent ? keyEvent.start : this.#last;
      const keyNode = this.#node(false);
      if (keyNode.kind !== "scalar") {
        const template = unquotedTemplate(this.#source, this.#lines, Math.min(keyStart, event.start));
        if (template !== undefined) throw new DiagnosticError(template);
        this.#fail("yaml-key", "a key must be a simple text", keyStart, "A list or a mapping cannot be a key here.");
      }
      const isMerge = keyEvent?.type === EVENT_ID.SCALAR && keyNode.style === "plain" && keyNode.value === "<<";
      const key = this.#keyText(keyEvent, keyNode);
      const value = this.#node(tagged);
      if (isMerge) this.#merge(merged, value);
      else {
        if (own.has(key)) {
          const line = own.get(key)?.keyAt.line;
          this.warnings.push({
            code: "duplicate-key",
            severity: "warning",
            summary: `the key "${key}" is given twice; the last one counts`,
            at: keyNode.at,
            hint: `It stands on line ${line} already.`,
          });
        }
        own.set(key, { key, keyAt: keyNode.at, value });
      }
    }
    this.#next++;
    for (const [key, entry] of own) merged.set(key, entry);
    return { kind: "mapping", entries: [...merged.values()], at: this.#lines.at(event.start) };
  }

  /** Keys are texts: numbers in Python's spelling, everything else as it is written. */
  #keyText(event: Event | undefined, node: ScalarNode): string {
    const { value } = node;
    if (typeof value === "string") return value;
    if (value instanceof Tagged) return value.text;
    if (typeof value === "number" || typeof value === "bigint") return String(value);
    return event?.type === EVENT_ID.SCALAR && event.valueStart >= 0 ? getScalarValue(this.#source, event) : "";
  }

  /** `<<`: keys that are there already stay; of several mappings the first that has a key counts. */
  #merge(into: Map<string, MappingEntry>, value: Node): void {
    const sources = value.kind === "sequence" ? value.items : [value];
    for (const source of sources) {
      if (source.kind !== "mapping")
        throw new DiagnosticError({
          code: "yaml-merge",
          severity: "error",
          summary: "only a mapping, or a list of mappings, can be merged with <<",
          at: source.at,
        });
      for (const entry of source.entries) if (!into.has(entry.key)) into.set(entry.key, entry);
    }
  }
}

interface Places {
  readonly at: Position;
  readonly of: ReadonlyMap<string | number, Position>;
  readonly keys: ReadonlyMap<string, Position>;
}
const places = new WeakMap<object, Places>();

/** The plain value of a node. Its containers remember where each key or item stands, see {@link positionOf}. */
export function toValue(node: Node): Value {
  return convert(node, new Map());
}

function convert(node: Node, done: Map<Node, Value>): Value {
  if (node.kind === "scalar") return node.value;
  // An aliased node is converted once: the value is shared, as in Python, and cannot explode.
  const before = done.get(node);
  if (before !== undefined) return before;
  const of = new Map<string | number, Position>();
  const keys = new Map<string, Position>();
  let value: Value & object;
  if (node.kind === "sequence") {
    value = node.items.map((item, index) => {
      of.set(index, item.at);
      return convert(item, done);
    });
  } else {
    value = dict(
      node.entries.map((entry) => {
        of.set(entry.key, entry.value.at);
        keys.set(entry.key, entry.keyAt);
        return [entry.key, convert(entry.value, done)];
      }),
    );
  }
  done.set(node, value);
  places.set(value, { at: node.at, of, keys });
  return value;
}

/** Where a container that {@link toValue} made, or the value under one of its keys or indexes, stands in its file. */
export function positionOf(container: Value | undefined, keyOrIndex?: string | number): Position | undefined {
  if (typeof container !== "object" || container === null) return undefined;
  const found = places.get(container);
  return keyOrIndex === undefined ? found?.at : found?.of.get(keyOrIndex);
}

/** Where a key of a mapping that {@link toValue} made stands itself. */
export function keyPositionOf(container: Value | undefined, key: string): Position | undefined {
  return typeof container === "object" && container !== null ? places.get(container)?.keys.get(key) : undefined;
}
