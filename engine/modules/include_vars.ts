import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { DiagnosticError } from "../source/diagnostic.ts";
import { type Dict, dict, isDict, type Value } from "../source/value.ts";
import { parseYaml, toValue } from "../source/yaml.ts";
import { anything, choice, flag, integer, list, optional, path, text } from "./argument-types.ts";
import { controllerModule, type ModuleContext, ModuleFailure } from "./contract.ts";
import { pythonRegex } from "./python-regex.ts";

const args = Type.Object({
  file: optional(path("A file of variables.")),
  dir: optional(path("A folder of them.")),
  name: optional(text("A variable that takes them all, as a dict.")),
  depth: integer("How many levels of the folder; 0 for all.", { default: 0 }),
  files_matching: optional(text("Only files whose name matches.")),
  ignore_files: optional(list(text("A regular expression."), "Files to leave out.")),
  extensions: list(text("An extension."), "Which files of a folder hold variables.", {
    default: ["yaml", "yml", "json"],
  }),
  ignore_unknown_extensions: flag("Leave other files of the folder alone."),
  hash_behaviour: optional(choice(["replace", "merge"], "What happens to dicts that are there already.")),
  _raw_params: optional(anything("The file, as free-form text.")),
});

type Arguments = Static<typeof args>;

export default controllerModule({
  name: "include_vars",
  summary: "Read variables from files of the controller.",
  collection: "ansible.builtin.include_vars",
  args,
  freeForm: "file",
  mutuallyExclusive: [["file", "dir"]],
  example: '- ansible.builtin.include_vars:\n    file: "{{ ansible_facts.os_family }}.yml"\n',
  returns: { ansible_facts: "the variables", ansible_included_var_files: "the files read" },

  run(args, context) {
    const source = args.file ?? (typeof args._raw_params === "string" ? args._raw_params.trim() : undefined);
    if (source === undefined && args.dir === undefined) {
      throw new ModuleFailure("one of the following is required: file, dir");
    }
    const { files, variables: given } = readAll(args, source, context);
    let variables = given;
    if (args.name !== undefined) variables = dict([[args.name, variables]]);
    if (args.hash_behaviour === "merge") variables = ontoPresent(variables, context);
    return {
      changed: false,
      result: dict([
        ["ansible_facts", variables],
        ["ansible_included_var_files", files],
      ]),
      facts: { variables, layer: "include_vars" },
    };
  },
});

/** All files in one; a failure has the fields of a result, which hold nothing. */
function readAll(
  args: Arguments,
  source: string | undefined,
  context: ModuleContext,
): { readonly files: string[]; readonly variables: Dict } {
  try {
    const files = source === undefined ? filesOf(args, context) : [context.findFile(source, "vars")];
    let variables = dict();
    for (const file of files) variables = merged(variables, read(file, context), args.hash_behaviour === "merge");
    return { files, variables };
  } catch (error) {
    if (!(error instanceof ModuleFailure)) throw error;
    const none = { message: error.message, ansible_facts: dict(), ansible_included_var_files: [] };
    throw new ModuleFailure(error.message, { ...error.result, ...none });
  }
}

function filesOf(args: Arguments, context: ModuleContext): string[] {
  const root = context.findFile(args.dir ?? "", "vars");
  if (!existsSync(root) || !statSync(root).isDirectory())
    throw new ModuleFailure(`${args.dir} directory does not exist`);
  const found: string[] = [];
  const walk = (folder: string, level: number): void => {
    const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) if (!entry.isDirectory()) consider(join(folder, entry.name));
    if (args.depth === 0 || level < args.depth) {
      for (const entry of entries) if (entry.isDirectory()) walk(join(folder, entry.name), level + 1);
    }
  };
  const consider = (file: string): void => {
    const name = basename(file);
    if (args.ignore_files?.some((pattern) => pythonRegex(`${pattern}$`).exec(name)?.index === 0)) return;
    if (args.files_matching !== undefined && !pythonRegex(args.files_matching).test(name)) return;
    if (!args.extensions.includes(extname(name).slice(1))) {
      if (args.ignore_unknown_extensions) return;
      throw new ModuleFailure(`${file} does not have a valid extension: ${args.extensions.join(", ")}`);
    }
    found.push(file);
  };
  walk(root, 1);
  return found;
}

function read(file: string, context: ModuleContext): Dict {
  const { documents } = parsed(context.readFile(file).toString(), file);
  const [first] = documents;
  const value = first === undefined ? null : toValue(first);
  if (value === null) return dict();
  if (!isDict(value)) throw new ModuleFailure(`${file} must be stored as a dictionary/hash`);
  return value;
}

function parsed(content: string, file: string): ReturnType<typeof parseYaml> {
  try {
    return parseYaml(content, file);
  } catch (error) {
    if (error instanceof DiagnosticError) throw new ModuleFailure(`${file} holds no valid YAML: ${error.message}`);
    throw error;
  }
}

function merged(base: Dict, over: Dict, deep: boolean): Dict {
  const result = dict(Object.entries(base));
  for (const [name, value] of Object.entries(over)) {
    const present: Value | undefined = result[name];
    result[name] = deep && isDict(present) && isDict(value) ? merged(present, value, true) : value;
  }
  return result;
}

function ontoPresent(variables: Dict, context: ModuleContext): Dict {
  const present = dict();
  for (const name of Object.keys(variables)) {
    const value = context.variable(name);
    if (value !== undefined) present[name] = value;
  }
  return merged(present, variables, true);
}
