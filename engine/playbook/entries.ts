import type { Position } from "../source/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import type { MappingEntry, MappingNode, Node } from "../source/node.ts";
import { type Dict, dict, isDict, Tagged, type Value } from "../source/value.ts";
import { keyPositionOf, toValue } from "../source/yaml.ts";
import { expressionSyntaxErrors, hasTemplate, templateSyntaxErrors } from "../template/templar.ts";
import type { LoadContext } from "./context.ts";
import type { Kind } from "./keyword-table.ts";
import * as tables from "./keyword-table.ts";
import type { BaseKeywords, Condition, Raw } from "./tree.ts";

/** The keywords of one mapping: each read once, with its place, and checked as far as it can be. */
export class Entries {
  readonly node: MappingNode;
  readonly #context: LoadContext;
  readonly #entries = new Map<string, MappingEntry>();

  constructor(node: MappingNode, context: LoadContext) {
    this.node = node;
    this.#context = context;
    for (const entry of node.entries) this.#entries.set(entry.key, entry);
  }

  get keys(): string[] {
    return [...this.#entries.keys()];
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  entry(key: string): MappingEntry | undefined {
    return this.#entries.get(key);
  }

  at(key: string): Position {
    return this.#entries.get(key)?.value.at ?? this.node.at;
  }

  keyAt(key: string): Position {
    return this.#entries.get(key)?.keyAt ?? this.node.at;
  }

  /** The value as written, its templates checked; undefined where the key is absent or says nothing. */
  raw(key: string): Raw | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    checkTemplates(entry.value, this.#context);
    const value = toValue(entry.value);
    return value === null ? undefined : value;
  }

  text(key: string): string | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    this.#context.notes.error("keyword-type", `'${key}' takes a text`, this.at(key));
    return undefined;
  }

  mapping(key: string): Dict {
    const value = this.raw(key);
    if (value === undefined) return dict();
    if (key === "vars" && Array.isArray(value) && value.every(isDict)) {
      for (const each of value) this.#checkNames(each);
      return Object.assign(dict(), ...value);
    }
    if (isDict(value)) {
      if (key === "vars") this.#checkNames(value);
      return value;
    }
    this.#context.notes.error("keyword-type", `'${key}' takes a mapping of names to values`, this.at(key));
    return dict();
  }

  #checkNames(vars: Dict): void {
    for (const name of Object.keys(vars)) {
      if (isVariableName(name)) continue;
      this.#context.notes.error(
        "variable-name",
        `'${name}' is not a name for a variable`,
        keyPositionOf(vars, name) ?? this.at("vars"),
        "Letters, digits and underscores, no digit first.",
      );
    }
  }

  list(key: string): readonly Raw[] {
    const value = this.raw(key);
    return value === undefined ? [] : Array.isArray(value) ? value : [value];
  }

  /** Tags: a text with commas, or a list of such. */
  tags(): string[] {
    return this.list("tags").flatMap((each) =>
      typeof each === "string"
        ? each
            .split(",")
            .map((tag) => tag.trim())
            .filter((tag) => tag !== "")
        : typeof each === "number" || typeof each === "boolean"
          ? [String(each)]
          : [],
    );
  }

  conditions(key: string): Condition[] {
    const entry = this.#entries.get(key);
    if (!entry) return [];
    const nodes = entry.value.kind === "sequence" ? entry.value.items : [entry.value];
    return nodes.flatMap((node) => this.#condition(key, node));
  }

  #condition(key: string, node: Node): Condition[] {
    const { notes } = this.#context;
    if (node.kind !== "scalar") {
      notes.error("keyword-type", `'${key}' takes an expression, or a list of them`, node.at);
      return [];
    }
    const { value } = node;
    if (value === null || value === "") return [];
    if (typeof value === "boolean") return [{ expression: value, at: node.at }];
    const expression = value instanceof Tagged ? value.text : String(value);
    notes.addLater(
      hasTemplate(expression) ? templateSyntaxErrors(expression, node.at) : expressionSyntaxErrors(expression, node.at),
    );
    return [{ expression, at: node.at }];
  }

  /** Complains of keys that this place does not have, and of values of the wrong kind. */
  check(
    table: { readonly [keyword: string]: Kind },
    what: string,
    ignore: (key: string) => boolean = () => false,
  ): void {
    for (const { key, keyAt, value } of this.node.entries) {
      if (ignore(key)) continue;
      const kind = Object.hasOwn(table, key) ? table[key] : undefined;
      if (kind === undefined) {
        this.#context.notes.error(
          "unknown-keyword",
          `'${key}' is not a keyword of a ${what}`,
          keyAt,
          advice(key, table),
        );
      } else this.#checkKind(key, kind, value);
    }
  }

  #checkKind(key: string, kind: Kind, node: Node): void {
    const given = node.kind === "scalar" && typeof node.value === "string" ? `, not '${node.value}'` : "";
    const wrong = (expected: string) =>
      this.#context.notes.error("keyword-type", `'${key}' takes ${expected}${given}`, node.at);
    if (node.kind === "scalar") {
      const { value } = node;
      if (value === null || value instanceof Tagged || (typeof value === "string" && hasTemplate(value))) return;
      if (kind === "boolean" && typeof value !== "boolean" && !isBooleanText(value)) wrong("yes or no");
      if (kind === "number" && typeof value !== "number" && !/^-?[\d.]+$/.test(String(value))) wrong("a number");
      if (kind === "mapping") wrong("a mapping of names to values");
      this.#checkValue(key, value, node);
      return;
    }
    if (kind === "boolean") wrong("yes or no");
    if (kind === "number") wrong("a number");
    if (kind === "text") wrong("a text");
    if (kind === "mapping" && node.kind === "sequence") {
      // Releases of Ansible before 2.18 read a list of mappings too.
      if (key === "vars" && node.items.every((item) => item.kind === "mapping")) {
        this.#context.notes.later(
          "vars-list",
          "'vars' takes a mapping; a list of mappings is an old spelling",
          node.at,
          "Take out the dashes.",
        );
      } else wrong("a mapping of names to values");
    }
    if (kind === "list" && node.kind === "mapping") wrong("a list");
    if (kind === "tags" && node.kind === "mapping") wrong("a list of tags");
  }

  /** Literal values that cannot be, of keywords that take some only. */
  #checkValue(key: string, value: Value, node: Node): void {
    const choices = Object.hasOwn(choicesOf, key) ? choicesOf[key] : undefined;
    const short = typeof value === "string" ? value.replace(/^ansible\.builtin\./, "") : "";
    if (choices && typeof value === "string" && short !== "" && !choices.includes(short)) {
      const near = nearest(value, choices);
      this.#context.notes.error(
        "keyword-value",
        `'${key}' has no value '${value}'`,
        node.at,
        near ? `Did you mean '${near}'?` : `It takes: ${choices.join(", ")}.`,
      );
    }
    if (key === "port" && typeof value === "number" && (value < 1 || value > 65535)) {
      this.#context.notes.later("keyword-value", `'port' takes a number from 1 to 65535, not ${value}`, node.at);
    }
  }

  /** As in Ansible what is no mapping sets nothing; nobody means that. */
  #checkEnvironment(): void {
    const value = this.raw("environment");
    for (const part of value === undefined ? [] : flat(value)) {
      if (part === null || isDict(part) || hasTemplate(String(part))) continue;
      this.#context.notes.later(
        "keyword-type",
        "'environment' takes a mapping of names to values; this is ignored",
        this.at("environment"),
      );
    }
  }

  /** The shared keywords over those inherited from `parent`. */
  base(parent: BaseKeywords): BaseKeywords {
    this.#checkEnvironment();
    const own = <K extends keyof BaseKeywords>(key: string, name: K): Pick<BaseKeywords, K> | object => {
      const value = this.raw(key);
      return value === undefined ? {} : { [name]: value };
    };
    const environment = this.raw("environment");
    const defaults = this.raw("module_defaults");
    return {
      ...parent,
      ...own("connection", "connection"),
      ...own("port", "port"),
      ...own("remote_user", "remoteUser"),
      ...own("no_log", "noLog"),
      ...own("run_once", "runOnce"),
      ...own("ignore_errors", "ignoreErrors"),
      ...own("ignore_unreachable", "ignoreUnreachable"),
      ...own("check_mode", "checkMode"),
      ...own("diff", "diff"),
      ...own("any_errors_fatal", "anyErrorsFatal"),
      ...own("throttle", "throttle"),
      ...own("debugger", "debugger"),
      ...own("timeout", "timeout"),
      ...own("become", "become"),
      ...own("become_method", "becomeMethod"),
      ...own("become_user", "becomeUser"),
      ...own("become_flags", "becomeFlags"),
      ...own("become_exe", "becomeExe"),
      environment: environment === undefined ? parent.environment : [...parent.environment, ...flat(environment)],
      moduleDefaults:
        defaults === undefined ? parent.moduleDefaults : [...parent.moduleDefaults, ...flat(defaults).filter(isDict)],
    };
  }
}

/** What to write in place of a keyword that this place does not have. */
function advice(key: string, table: { readonly [keyword: string]: Kind }): string | undefined {
  const near = nearest(key, Object.keys(table));
  const places = Object.entries({ play: tables.play, block: tables.block, task: tables.task, handler: tables.handler });
  const elsewhere = places.find(([, keywords]) => Object.hasOwn(keywords, key));
  if (elsewhere) return `It is a keyword of a ${elsewhere[0]}.`;
  return near && `Did you mean '${near}'?`;
}

/** Keywords whose values are a closed list. */
const choicesOf: { readonly [keyword: string]: readonly string[] } = {
  order: ["inventory", "sorted", "reverse_sorted", "reverse_inventory", "shuffle"],
  strategy: ["linear", "free", "host_pinned", "debug"],
  debugger: ["always", "never", "on_failed", "on_unreachable", "on_skipped"],
};

export const noKeywords: BaseKeywords = { environment: [], moduleDefaults: [] };

function flat(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : [value];
}

/** Words that mean something else in every template. */
const takenNames: ReadonlySet<string> = new Set(["true", "false", "none", "True", "False", "None", "not"]);

/** What Ansible takes for the name of a variable; words of Python (`from`, `class`) are names as others. */
export function isVariableName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !takenNames.has(name);
}

function isBooleanText(value: Value): boolean {
  return ["yes", "no", "true", "false", "on", "off", "0", "1", "y", "n", "t", "f"].includes(
    String(value).toLowerCase(),
  );
}

/** Finds broken templates in every text of a value, each with its place. */
export function checkTemplates(node: Node, context: LoadContext): void {
  if (node.kind === "scalar") {
    if (typeof node.value === "string" && hasTemplate(node.value)) {
      context.notes.addLater(templateSyntaxErrors(node.value, node.at));
    }
  } else if (node.kind === "sequence") for (const item of node.items) checkTemplates(item, context);
  else
    for (const { key, keyAt, value } of node.entries) {
      if (hasTemplate(key)) context.notes.addLater(templateSyntaxErrors(key, keyAt));
      checkTemplates(value, context);
    }
}
