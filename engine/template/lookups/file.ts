import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { isDict } from "../../source/value.ts";
import type { TextOptions } from "../contract.ts";
import { readCsv } from "../filters/data.ts";
import { fail, finish, type Item, isItemDict, iterate, OperationError, text, truthy } from "../item.ts";
import { splitLines } from "../methods.ts";
import { type Bound, type Family, plain, plugin, type Runtime } from "../plugin.ts";
import { expandHome, findFile } from "./find-file.ts";
import { globFiles } from "./glob.ts";
import { inlineOptions, option } from "./terms.ts";

function read(name: string, folder: string, runtime: Runtime): { path: string; content: string } {
  const path = findFile(name, folder, runtime.context.searchPath);
  if (path === undefined)
    throw new OperationError(
      `the file '${name}' is not found`,
      "missing-file",
      `Searched: ${runtime.context.searchPath.join(", ")}.`,
    );
  return { path, content: runtime.context.readFile(path).toString("utf8") };
}

const list = (item: Item): string[] => iterate(item).map(text);
const isOn = (item: Item | undefined, fallback: boolean): boolean =>
  item === undefined ? fallback : typeof item === "string" ? /^(?:true|yes|on|1)$/i.test(item) : truthy(item);

function file(terms: Item, args: Bound, runtime: Runtime): Item {
  return list(terms).map((name) => {
    const { content } = read(name, "files", runtime);
    const left = isOn(args["lstrip"], false) ? content.trimStart() : content;
    return isOn(args["rstrip"], true) ? left.trimEnd() : left;
  });
}

function template(terms: Item, args: Bound, runtime: Runtime): Item {
  return list(terms).map((name) => {
    const { path, content } = read(name, "templates", runtime);
    const variables = args["template_vars"];
    const extra = variables === undefined ? {} : finish(variables, (vaulted) => runtime.context.decrypt(vaulted));
    const options: { -readonly [K in keyof TextOptions]: TextOptions[K] } = {
      file: path,
      from: { askedFor: name },
      extra: isDict(extra) ? extra : {},
    };
    const marks = [
      ["variable_start_string", "variableStart"],
      ["variable_end_string", "variableEnd"],
      ["block_start_string", "blockStart"],
      ["block_end_string", "blockEnd"],
      ["comment_start_string", "commentStart"],
      ["comment_end_string", "commentEnd"],
    ] as const;
    for (const [theirs, ours] of marks) {
      const mark = args[theirs];
      if (mark !== undefined && mark !== null) options[ours] = text(mark);
    }
    if (args["trim_blocks"] !== undefined) options.trimBlocks = isOn(args["trim_blocks"], true);
    if (args["lstrip_blocks"] !== undefined) options.lstripBlocks = isOn(args["lstrip_blocks"], false);
    return runtime.renderText(content, options);
  });
}

interface Candidates {
  readonly files: string[];
  readonly paths: string[];
  readonly skip: boolean;
}

function candidates(term: Item, args: Bound): Candidates[] {
  const many = (item: Item | undefined, between = /[,;]/): string[] =>
    item === undefined || item === null
      ? []
      : typeof item === "string"
        ? item
            .split(between)
            .map((each) => each.trim())
            .filter(Boolean)
        : list(item);
  if (Array.isArray(term)) return term.flatMap((each) => candidates(each, args));
  if (isItemDict(term))
    return [
      {
        files: many(term["files"]),
        paths: many(term["paths"] ?? args["paths"], /[,:;]/),
        skip: isOn(term["skip"], false),
      },
    ];
  return [{ files: [text(term)], paths: many(args["paths"], /[,:;]/), skip: false }];
}

function firstFound(terms: Item, args: Bound, runtime: Runtime): Item {
  const all = candidates(terms, args);
  if (args["files"] !== undefined) all.push(...candidates({ files: args["files"] }, args));
  for (const { files, paths } of all)
    for (const path of paths.length > 0 ? paths : [""])
      for (const name of files) {
        const wanted = join(path, expandHome(name));
        for (const folder of ["files", "templates", "vars", "tasks", ""]) {
          const found = findFile(
            path.startsWith("~") ? expandHome(wanted) : wanted,
            folder,
            runtime.context.searchPath,
          );
          if (found !== undefined) return [found];
        }
      }
  if (isOn(args["skip"], false) || all.some((each) => each.skip)) return [];
  const names = all.flatMap((each) => each.files).join(", ");
  throw new OperationError(
    `first_found found none of: ${names}`,
    "missing-file",
    "With skip=true nothing found is no error.",
  );
}

function fileGlob(terms: Item, runtime: Runtime): Item {
  return list(terms).flatMap((term) => {
    if (isAbsolute(term) || term.startsWith("~")) return globFiles(term);
    for (const path of runtime.context.searchPath)
      for (const folder of [join(path, "files", dirname(term)), join(path, dirname(term))]) {
        const found = existsSync(folder) ? globFiles(join(folder, basename(term))) : [];
        if (found.length > 0) return found;
      }
    return [];
  });
}

function run(command: string, runtime: Runtime): string {
  const folder = runtime.context.searchPath.at(-1);
  const result = spawnSync("/bin/sh", ["-c", command], {
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
    stdio: ["ignore", "pipe", "inherit"],
    ...(folder !== undefined && existsSync(folder) ? { cwd: folder } : {}),
  });
  if (result.status !== 0)
    return fail(`the command '${command}' on the controller failed with status ${result.status ?? result.signal}`);
  return result.stdout;
}

/** The sections of an INI file; keys before the first section are in `global`. */
function readIni(source: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let name = "global";
  let last: [Map<string, string>, string] | undefined;
  for (const line of source.split(/\r?\n/)) {
    const section = /^\[([^\]]+)\]/.exec(line);
    if (section !== null) {
      name = section[1] ?? "";
      if (!sections.has(name)) sections.set(name, new Map());
      last = undefined;
    } else if (/^\s*(?:[#;].*)?$/.test(line)) continue;
    else if (/^\s/.test(line) && last !== undefined)
      last[0].set(last[1], `${last[0].get(last[1]) ?? ""}\n${line.trim()}`);
    else {
      const pair = /^([^=:]*?)\s*[=:]\s*(.*)$/.exec(line.trim());
      const keys = sections.get(name) ?? new Map<string, string>();
      sections.set(name, keys);
      const key = pair?.[1] ?? line.trim();
      keys.set(key, pair?.[2] ?? "");
      last = [keys, key];
    }
  }
  return sections;
}

function ini(terms: Item, args: Bound, runtime: Runtime): Item {
  return list(terms).flatMap((term) => {
    const { free, options } = inlineOptions(term);
    const key = free === "" ? option("key", args, options, "") : free;
    const { content } = read(option("file", args, options, "ansible.ini"), "files", runtime);
    const properties = option("type", args, options, "ini") === "properties";
    const section = properties ? "global" : option("section", args, options, "global");
    const sections = readIni(content);
    const keys = sections.get(section) ?? new Map<string, string>();
    if (!properties && section !== "global" && !sections.has(section))
      return fail(
        `the file '${option("file", args, options, "ansible.ini")}' has no section '${section}'`,
        undefined,
        `It has: ${[...sections.keys()].join(", ")}.`,
      );
    const sensitive = isOn(args["case_sensitive"], false);
    if (isOn(args["re"] ?? options["re"], false)) {
      const pattern = new RegExp(key);
      return [...keys].filter(([name]) => pattern.test(name)).map(([, value]) => value);
    }
    for (const [name, value] of keys)
      if (sensitive || properties ? name === key : name.toLowerCase() === key.toLowerCase()) return [value];
    return [option("default", args, options, "")];
  });
}

function csv(terms: Item, args: Bound, runtime: Runtime): Item {
  return list(terms).map((term) => {
    const { free, options } = inlineOptions(term);
    const { content } = read(option("file", args, options, "ansible.csv"), "files", runtime);
    const delimiter = option("delimiter", args, options, "TAB").replace(/^(?:TAB|\\t|t)$/, "\t");
    const rows = readCsv(content, delimiter);
    const keyColumn = Number(option("keycol", args, options, "0"));
    const row = rows.find((each) => each[keyColumn] === free);
    const fallback = args["default"] ?? options["default"];
    return row?.[Number(option("col", args, options, "1"))] ?? fallback ?? [];
  });
}

/** The lookups are synchronous, so the request is made by a Node process of its own. */
function fetchUrl(url: string, args: Bound, runtime: Runtime): string {
  const headers: { [name: string]: string } = {};
  const given = args["headers"];
  if (isItemDict(given)) for (const [name, value] of Object.entries(given)) headers[name] = text(value);
  if (args["username"] !== undefined)
    headers["Authorization"] =
      `Basic ${Buffer.from(`${text(args["username"])}:${text(args["password"] ?? "")}`).toString("base64")}`;
  const timeout = Number(args["timeout"] === undefined ? 10 : plain(args["timeout"], runtime)) * 1000;
  const script = `const [url, headers, timeout] = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
fetch(url, { headers, signal: AbortSignal.timeout(timeout) }).then(async (response) => {
  if (!response.ok) throw new Error("status " + response.status);
  process.stdout.write(Buffer.from(await response.arrayBuffer()));
}).catch((error) => { process.stderr.write(String(error.cause?.message ?? error.message)); process.exitCode = 1; });`;
  const result = spawnSync(process.execPath, ["-e", script], {
    input: JSON.stringify([url, headers, timeout]),
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
    env: {
      ...process.env,
      ...(isOn(args["validate_certs"], true) ? {} : { NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_NO_WARNINGS: "1" }),
    },
  });
  if (result.status !== 0) return fail(`the URL ${url} cannot be read: ${result.stderr}`);
  return result.stdout;
}

/** Lookups that read files, commands or the network of the controller. */
export const fileLookups: Family = {
  csvfile: plugin("file delimiter col keycol default encoding", csv),
  env: plugin("default", (terms, args) => list(terms).map((name) => process.env[name] ?? args["default"] ?? "")),
  file: plugin("lstrip rstrip", file),
  fileglob: plugin("", (terms, _, runtime) => fileGlob(terms, runtime)),
  first_found: plugin("files paths skip", firstFound),
  ini: plugin("key file section type re default encoding case_sensitive allow_no_value interpolation", ini),
  lines: plugin("", (terms, _, runtime) => list(terms).flatMap((command) => splitLines(run(command, runtime)))),
  pipe: plugin("", (terms, _, runtime) => list(terms).map((command) => run(command, runtime).trimEnd())),
  template: plugin(
    "convert_data template_vars variable_start_string variable_end_string block_start_string block_end_string comment_start_string comment_end_string trim_blocks lstrip_blocks jinja2_native",
    template,
  ),
  unvault: plugin("", (terms, _, runtime) => list(terms).map((name) => read(name, "files", runtime).content)),
  url: plugin(
    "split_lines validate_certs username password headers timeout use_proxy force http_agent follow_redirects",
    (terms, args, runtime) =>
      list(terms).flatMap((each) => {
        const body = fetchUrl(each, args, runtime);
        return isOn(args["split_lines"], true) ? splitLines(body) : [body];
      }),
  ),
};
