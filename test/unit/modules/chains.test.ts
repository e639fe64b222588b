import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { validateArguments } from "../../../engine/modules/arguments.ts";
import { type ModuleContext, ModuleFailure, type Plan } from "../../../engine/modules/contract.ts";
import { findModule } from "../../../engine/modules/registry.ts";
import { type Dict, Unknown, type Value } from "../../../engine/source/value.ts";
import { apply, context, Effects, planOf } from "./driver.ts";

/*
 * A prediction may be unknown; it may never be wrong. Tasks in a row are predicted, each over the effects of those
 * before it, and then carried out: changed or not, failed or not, and the state told must be what was said.
 */

let root = "";
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "chains-")));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

type Task = readonly [module: string, args: Dict];

interface Chain {
  readonly given?: string;
  readonly tasks: readonly Task[];
}

const chains: { readonly [name: string]: Chain } = {
  "a folder, a file in it, a line in that, a link to it": {
    tasks: [
      ["file", { path: "ROOT/d", state: "directory", mode: "0711" }],
      ["copy", { content: "a\n", dest: "ROOT/d/f" }],
      ["lineinfile", { path: "ROOT/d/f", line: "b" }],
      ["lineinfile", { path: "ROOT/d/f", line: "a" }],
      ["file", { path: "ROOT/d/f", mode: "0600" }],
      ["file", { path: "ROOT/l", src: "d", state: "link" }],
      ["copy", { content: "a\nb\n", dest: "ROOT/l/f" }],
      ["stat", { path: "ROOT/l/f", get_attributes: false }],
      ["slurp", { src: "ROOT/d/f" }],
      ["replace", { path: "ROOT/l/f", regexp: "a", replace: "c" }],
      ["copy", { src: "ROOT/d/f", dest: "ROOT/copied", remote_src: true }],
      ["find", { paths: "ROOT/d" }],
    ],
  },
  "what is removed is gone, with all below it": {
    given: "mkdir -p d/e; echo x > d/e/f",
    tasks: [
      ["file", { path: "ROOT/d", state: "absent" }],
      ["file", { path: "ROOT/d/e/f", state: "absent" }],
      ["stat", { path: "ROOT/d/e/f" }],
      ["find", { paths: "ROOT/d", recurse: true }],
      ["file", { path: "ROOT/d/e", state: "directory" }],
      ["copy", { content: "y", dest: "ROOT/d/e/f" }],
      ["file", { path: "ROOT/d", state: "directory", recurse: true, mode: "u=rwX,go=" }],
      ["file", { path: "ROOT/d/e/f", mode: "0600" }],
    ],
  },
  "failures are predicted too": {
    given: "mkdir d; echo x > f",
    tasks: [
      ["file", { path: "ROOT/none" }],
      ["copy", { content: "x", dest: "ROOT/none/f" }],
      ["file", { path: "ROOT/f/below", state: "directory" }],
      ["file", { path: "ROOT/d", src: "f", state: "link" }],
      ["file", { path: "ROOT/d", state: "absent" }],
      ["file", { path: "ROOT/d", src: "f", state: "link" }],
      ["file", { path: "ROOT/d", mode: "0640" }],
      ["stat", { path: "ROOT/f" }],
    ],
  },
  "links that lead to links": {
    given: "mkdir real; ln -s real a",
    tasks: [
      ["file", { path: "ROOT/b", src: "a", state: "link" }],
      ["copy", { content: "x\n", dest: "ROOT/b/f" }],
      ["copy", { content: "x\n", dest: "ROOT/real/f" }],
      ["copy", { content: "y\n", dest: "ROOT/a/f" }],
      ["file", { path: "ROOT/a", src: "elsewhere", state: "link", force: true }],
      ["file", { path: "ROOT/elsewhere", state: "directory" }],
      ["copy", { content: "z\n", dest: "ROOT/b/f" }],
      ["stat", { path: "ROOT/elsewhere/f", get_attributes: false }],
      ["stat", { path: "ROOT/real/f", get_attributes: false }],
    ],
  },
  "hard links": {
    given: "echo x > t",
    tasks: [
      ["file", { path: "ROOT/h", src: "ROOT/t", state: "hard" }],
      ["file", { path: "ROOT/h", mode: "0600" }],
      ["file", { path: "ROOT/h", src: "ROOT/t", state: "hard" }],
    ],
  },
  "touched files and empty ones": {
    tasks: [
      ["file", { path: "ROOT/f", state: "touch", mode: "0640" }],
      ["copy", { content: "", dest: "ROOT/f" }],
      ["lineinfile", { path: "ROOT/f", line: "x" }],
      ["blockinfile", { path: "ROOT/f", block: "y" }],
      ["blockinfile", { path: "ROOT/f", state: "absent" }],
      ["copy", { content: "x\n", dest: "ROOT/f" }],
      ["ini_file", { path: "ROOT/new/i", section: "s", option: "k", value: "v" }],
      ["assemble", { src: "ROOT/new", dest: "ROOT/all" }],
      ["copy", { content: "[s]\nk = v\n", dest: "ROOT/all" }],
    ],
  },
};

const here: ModuleContext = { ...context, readFile: (path) => readFileSync(path) };

function inRoot(value: Value): Dict {
  return JSON.parse(JSON.stringify(value).replaceAll("ROOT", root)) as Dict; // plain JSON
}

interface Told {
  readonly changed?: boolean;
  readonly failed?: string;
  readonly result?: Dict;
}

/** What of a result can be compared: times and numbers of inodes are known after the run. */
function comparable(result: Dict | undefined): Value {
  return JSON.parse(
    JSON.stringify(result ?? {}, (key, value: unknown) =>
      /^(atime|mtime|ctime|inode|dev|nlink|blocks|block_size|device_type|readable|writeable|executable|mimetype|charset|checksum|size|files|examined)$/.test(
        key,
      )
        ? undefined
        : value,
    ),
  ) as Value; // made by JSON
}

function told(failure: unknown): Told {
  if (failure instanceof ModuleFailure) return { failed: failure.message };
  throw failure;
}

test.each(Object.entries(chains))("%s", async (_name, { given, tasks }) => {
  if (given !== undefined) execFileSync("sh", ["-c", `cd "$1"; ${given}`, "sh", root]);
  const effects = new Effects();
  const predictions: (Told | Unknown)[] = [];
  for (const [name, args] of tasks) {
    const module = await findModule(name);
    if (!module) throw new Error(name);
    try {
      const plan: Plan | Unknown = await planOf(module, inRoot(args), effects, here);
      if (plan instanceof Unknown) {
        predictions.push(plan);
        const { args: valid } = validateArguments(module, inRoot(args));
        if (module.sort === "state") effects.list.push(...(module.outcome?.(valid, undefined) ?? []));
      } else {
        effects.list.push(...(plan.change?.effects ?? []));
        predictions.push({ changed: plan.change !== undefined, ...(plan.result ? { result: plan.result } : {}) });
      }
    } catch (error) {
      predictions.push(told(error));
    }
  }
  expect(predictions.filter((each) => each instanceof Unknown)).toEqual([]);
  for (const [index, [name, args]] of tasks.entries()) {
    const module = await findModule(name);
    if (!module) throw new Error(name);
    let actual: Told;
    try {
      const { changed, result } = await apply(module, inRoot(args), here);
      actual = { changed, result };
    } catch (error) {
      actual = told(error);
    }
    const predicted = predictions[index];
    if (!predicted || predicted instanceof Unknown) continue;
    const label = `${index}: ${name} ${JSON.stringify(args)}`;
    expect({ changed: predicted.changed, failed: predicted.failed }, label).toEqual({
      changed: actual.changed,
      failed: actual.failed,
    });
    expect(comparable(predicted.result), label).toEqual(comparable(actual.result));
  }
});
