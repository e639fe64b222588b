import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { validateArguments } from "../../../engine/modules/arguments.ts";
import { duration } from "../../../engine/modules/command-line.ts";
import type { ActionModule, ActionResult, ModuleContext } from "../../../engine/modules/contract.ts";
import { findModule } from "../../../engine/modules/registry.ts";
import type { Dict } from "../../../engine/source/value.ts";
import { context, drive, runScript } from "./driver.ts";

let root = "";
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "commands-")));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function action(name: string): Promise<ActionModule> {
  const module = await findModule(name);
  if (module?.sort !== "action") throw new Error(`${name} is no action`);
  return module;
}

async function run(name: string, given: Dict, around: ModuleContext = context): Promise<ActionResult> {
  const module = await action(name);
  const { args, errors } = validateArguments(module, given);
  expect(errors).toEqual([]);
  const command = module.command?.(args, around);
  if (!command) throw new Error("no command");
  return command.finish(await runScript(command.script, command.stdin ?? "", "sh", "command"), 1.5);
}

describe("command", () => {
  test("words reach the command as they are", async () => {
    const { result, changed } = await run("command", { cmd: "printf '%s|' \"a b\" 'c $HOME' '*' ';' x" });
    expect(changed).toBe(true);
    expect(result).toMatchObject({ rc: 0, stdout: `a b|c ${process.env["HOME"]}|*|;|x|`, delta: "0:00:01.500000" });
    expect(result["cmd"]).toEqual(["printf", "%s|", "a b", "c $HOME", "*", ";", "x"]);
  });

  test("a variable without a value stays as it is written", async () => {
    const { result } = await run("command", {
      argv: ["printf", "%s|", "$NO_SUCH", "$" + "{NO_SUCH}x", "$1", "a'$NO_SUCH"],
    });
    expect(result["stdout"]).toBe("$NO_SUCH|$" + "{NO_SUCH}x|$1|a'$NO_SUCH|");
    const plain = await run("command", { argv: ["printf", "%s", "$HOME"], expand_argument_vars: false });
    expect(plain.result["stdout"]).toBe("$HOME");
  });

  test("chdir, environment and stdin", async () => {
    const around = { ...context, environment: { GREETING: "it's" } };
    const { result } = await run("shell", { cmd: "pwd; echo $GREETING; cat", chdir: root, stdin: "in" }, around);
    expect(result["stdout_lines"]).toEqual([root, "it's", "in"]);
  });

  test("a status other than 0 fails", async () => {
    const done = await run("shell", { cmd: "echo out; echo err >&2; exit 3" });
    expect(done).toMatchObject({ failed: true, changed: true });
    expect(done.result).toMatchObject({ rc: 3, stdout: "out", stderr: "err", msg: "non-zero return code" });
  });

  test("a command that is not there fails without a change", async () => {
    const done = await run("command", { cmd: "no-such-command-at-all" });
    expect(done).toMatchObject({ failed: true, changed: false, result: { rc: 2 } });
    const nowhere = await run("command", { cmd: "ls", chdir: join(root, "none") });
    expect(nowhere).toMatchObject({ failed: true, result: { rc: null, stderr: "" } });
    expect(nowhere.result["msg"]).toBe("Unable to change directory before execution");
  });

  test("empty lines at the end are taken off, unless they are wanted", async () => {
    expect((await run("shell", { cmd: "printf 'a\\n\\n'" })).result["stdout"]).toBe("a");
    const kept = await run("shell", { cmd: "printf 'a\\n\\n'", strip_empty_ends: false });
    expect(kept.result).toMatchObject({ stdout: "a\n\n", stdout_lines: ["a", ""] });
  });

  test("another shell", async () => {
    expect(
      (await run("shell", { cmd: 'test -n "$BASH_VERSION" && echo bash', executable: "/bin/bash" })).result["stdout"],
    ).toBe("bash");
  });

  test("raw gives the output as it is", async () => {
    expect((await run("raw", { cmd: "echo x" })).result).toMatchObject({ stdout: "x\n", stdout_lines: ["x"], rc: 0 });
  });
});

describe("creates and removes", () => {
  test.each([
    [{ creates: "f" }, false],
    [{ creates: "g" }, true],
    [{ creates: "*f" }, false],
    [{ creates: "x*" }, true],
    [{ removes: "f" }, true],
    [{ removes: "g" }, false],
    [{ removes: "it's*" }, false],
  ])("%j runs: %s", async (given, runs) => {
    writeFileSync(join(root, "f"), "");
    const module = await action("command");
    const absolute = Object.fromEntries(Object.entries(given).map(([name, path]) => [name, join(root, path)]));
    for (const extra of [absolute, { ...given, chdir: root }]) {
      const { args } = validateArguments(module, { cmd: "true", ...extra });
      const look = module.guard?.(args, context);
      expect(look && (await drive(look))).toMatchObject({ run: runs });
    }
  });
});

test.each([
  [0.0123, "0:00:00.012300"],
  [3723.5, "1:02:03.500000"],
])("%d seconds as a timedelta", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
