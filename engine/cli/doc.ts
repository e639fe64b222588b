import type { TSchema } from "@sinclair/typebox";
import type { Module } from "../modules/contract.ts";
import { findModule, moduleNames } from "../modules/registry.ts";
import { nearest } from "../source/nearest.ts";
import { complain, outputColours, say } from "./screen.ts";

/** `play doc [MODULE…]`: what modules take, do and return, from the same declaration that validates their arguments. */
export async function main(argv: string[]): Promise<number> {
  const names = argv.filter((word) => !word.startsWith("-"));
  if (argv.includes("--help") || argv.includes("-h")) {
    say("Usage: play doc [MODULE…]\n\nWithout a name: all modules, a line each.");
    return 0;
  }
  if (names.length === 0) {
    for (const name of moduleNames()) {
      const module = await findModule(name);
      if (module) say(`${name.padEnd(26)} ${module.summary}`);
    }
    return 0;
  }
  let code = 0;
  for (const name of names) {
    const module = await findModule(name);
    if (module) say(page(module));
    else {
      const near = nearest(name, moduleNames());
      complain(
        `[ERROR]: there is no module ${name}\n  hint: ${near ? `Did you mean '${near}'?` : "`play doc` lists all."}`,
      );
      code = 1;
    }
  }
  return code;
}

function page(module: Module): string {
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
    const marks = [typeOf(schema), ...(required.has(name) ? ["required"] : [])];
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
  lines.push("", colours.bold("EXAMPLE"), "", indent(module.example.trim()), "");
  return lines.join("\n");
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
