import type { TSchema } from "@sinclair/typebox";
import type { Module } from "../modules/contract.ts";
import { shortName } from "../modules/registry.ts";
import { type LanguageAction, languageActions } from "../playbook/language-actions.ts";
import { engineModule, engineModuleNames } from "../run/engine-modules.ts";
import { nearest } from "../source/nearest.ts";
import { complain, outputColours, say } from "./screen.ts";

/**
 * `play doc [MODULE…]`: what modules take, do and return, from the same declaration that validates their arguments;
 * and the actions that are a part of the language.
 */
export async function main(argv: string[]): Promise<number> {
  const names = argv.filter((word) => !word.startsWith("-"));
  if (argv.includes("--help") || argv.includes("-h")) {
    say("Usage: play doc [MODULE…]\n\nWithout a name: all modules, a line each.");
    return 0;
  }
  const known = [...engineModuleNames(), ...Object.keys(languageActions)].sort();
  if (names.length === 0) {
    for (const name of known) {
      const summary = languageActions[name]?.summary ?? (await engineModule(name))?.summary;
      say(`${name.padEnd(26)} ${summary}`);
    }
    return 0;
  }
  let code = 0;
  for (const name of names) {
    const short = shortName(name);
    const action = Object.hasOwn(languageActions, short) ? languageActions[short] : undefined;
    const module = action ? undefined : await engineModule(name);
    if (action) say(actionPage(short, action));
    else if (module) say(modulePage(module));
    else {
      const near = nearest(name, known);
      complain(
        `[ERROR]: there is no module ${name}\n  hint: ${near ? `Did you mean '${near}'?` : "`play doc` lists all."}`,
      );
      code = 1;
    }
  }
  return code;
}

function actionPage(name: string, action: LanguageAction): string {
  const colours = outputColours();
  const args = Object.entries(action.args).flatMap(([arg, meaning]) => [`  ${colours.ok(arg)}`, `      ${meaning}`]);
  return [
    `${colours.bold(name)}  (ansible.builtin.${name})`,
    "",
    action.summary,
    "",
    "A part of the language, not a module.",
    "",
    colours.bold("VALUE"),
    `  ${action.freeForm}${args.length > 0 && name !== "meta" ? ", or a mapping of arguments" : ""}`,
    "",
    ...(args.length > 0 ? [colours.bold(name === "meta" ? "ONE OF" : "ARGUMENTS"), ...args, ""] : []),
    ...example(action.example),
  ].join("\n");
}

function modulePage(module: Module): string {
  const colours = outputColours();
  const aliases = new Map<string, string[]>();
  for (const [alias, name] of Object.entries(module.argAliases ?? {})) {
    aliases.set(name, [...(aliases.get(name) ?? []), alias]);
  }
  const required = new Set<string>(Array.isArray(module.args["required"]) ? module.args["required"] : []);
  const lines = [
    `${colours.bold(module.name)}  (${module.collection})`,
    "",
    module.summary,
    "",
    sorts[module.sort],
    "",
  ];
  lines.push(colours.bold("ARGUMENTS"));
  for (const [name, schema] of Object.entries(module.args.properties)) {
    const marks = [typeOf(schema), ...(required.has(name) && schema["default"] === undefined ? ["required"] : [])];
    if (schema["default"] !== undefined) marks.push(`default ${JSON.stringify(schema["default"])}`);
    const others = aliases.get(name);
    if (others) marks.push(`also ${others.join(", ")}`);
    lines.push(`  ${colours.ok(name)}  (${marks.join("; ")})`);
    if (schema.description !== undefined) lines.push(`      ${schema.description}`);
  }
  for (const [name, reason] of Object.entries(module.unsupported ?? {})) {
    lines.push(`  ${colours.failed(name)}  (refused)`, `      ${reason}`);
  }
  if (module.returns) {
    lines.push("", colours.bold("RETURNS"));
    for (const [name, meaning] of Object.entries(module.returns)) lines.push(`  ${colours.ok(name)}  ${meaning}`);
  }
  lines.push("", ...example(module.example));
  return lines.join("\n");
}

function example(text: string): string[] {
  return [outputColours().bold("EXAMPLE"), "", indent(text.trim()), ""];
}

const sorts = {
  state: "Declares a state: check mode predicts it, running it again changes nothing.",
  action: "Does something. In check mode it does not run, unless it only reads.",
  controller: "Works on the controller; contacts no host.",
} as const;

function typeOf(schema: TSchema): string {
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"]);
  const union = schema["anyOf"];
  if (Array.isArray(union)) return union.map((each: TSchema) => typeOf(each)).join(" | ");
  if (Array.isArray(schema["enum"])) return schema["enum"].map((each) => JSON.stringify(each)).join(" | ");
  if (schema["type"] === "array") return `list of ${schema["items"] ? typeOf(schema["items"]) : "values"}`;
  return typeof schema["type"] === "string" ? schema["type"] : "any";
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? line : `  ${line}`))
    .join("\n");
}
