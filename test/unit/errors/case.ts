import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { command } from "../../../engine/cli/command.ts";

/*
 * A case is one text file that reads like a terminal's record:
 *
 *     What is wrong, in a sentence.
 *
 *     $ NAME=value play site.yml -i 'h1,'
 *     --- file: site.yml
 *     …
 *     --- stderr
 *     …
 *     --- exit 4
 *
 * What stands above the first stream is given; from there on it is what the call wrote, in the order of writing.
 * A file may be `(executable)`, `(escaped)` (`\xff` is a byte) or `(crlf)`; `--- folder: NAME` makes an empty folder.
 */
export interface Case {
  readonly given: string;
  readonly environment: { readonly [name: string]: string };
  readonly argv: readonly string[];
  readonly files: readonly { readonly path: string; readonly text: string; readonly form: string | undefined }[];
  readonly folders: readonly string[];
}

const mark = /^--- (file|folder|stdout|stderr|exit)(?:[: ] ?(.*?))?(?: \((\w+)\))?$/;

export function parseCase(text: string): Case {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => /^--- (stdout|stderr|exit)\b/.test(line));
  const given = end < 0 ? lines : lines.slice(0, end);
  const files: { path: string; lines: string[]; form: string | undefined }[] = [];
  const folders: string[] = [];
  let call: string | undefined;
  for (const line of given) {
    const found = mark.exec(line);
    if (found?.[1] === "file") files.push({ path: found[2] ?? "", lines: [], form: found[3] });
    else if (found?.[1] === "folder") folders.push(found[2] ?? "");
    else if (files.length > 0) files.at(-1)?.lines.push(line);
    else if (line.startsWith("$ ")) call = line.slice(2);
  }
  if (call === undefined) throw new Error("a case needs a line `$ play …`");
  const words = [...call.matchAll(/'([^']*)'|[^\s']+/g)].map((word) => word[1] ?? word[0]);
  const start = words.indexOf("play");
  return {
    given: `${given.join("\n").replace(/\n+$/, "")}\n`,
    environment: Object.fromEntries(words.slice(0, start).map((word) => word.split(/=(.*)/s, 2) as [string, string])),
    argv: words.slice(start + 1),
    files: files.map(({ path, lines: own, form }) => ({ path, text: contents(own), form })),
    folders,
  };
}

function contents(lines: readonly string[]): string {
  const text = lines.join("\n").replace(/\n+$/, "");
  return text === "" ? "" : `${text}\n`;
}

/** Runs the case's call in this process, in a folder of its own. @returns the case's text with what really came */
export async function replay(case_: Case): Promise<string> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "play-errors-")));
  const before = { cwd: process.cwd(), env: process.env, out: process.stdout.write, error: process.stderr.write };
  const written: { stream: "stdout" | "stderr"; text: string }[] = [];
  const record = (stream: "stdout" | "stderr") => (chunk: string | Uint8Array) => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    const last = written.at(-1);
    if (last?.stream === stream) last.text += text;
    else written.push({ stream, text });
    return true;
  };
  try {
    layOut(case_, join(root, "project"));
    process.chdir(join(root, "project"));
    process.env = { PATH: before.env["PATH"], HOME: join(root, "home"), NO_COLOR: "1", ...case_.environment };
    process.stdout.write = record("stdout");
    process.stderr.write = record("stderr");
    const exit = await command([...case_.argv]);
    const streams = written.map(({ stream, text }) => `--- ${stream}\n${text.replace(/\n*$/, "\n")}`);
    return `${case_.given}${normal(streams.join(""), root)}--- exit ${exit}\n`;
  } finally {
    process.stdout.write = before.out;
    process.stderr.write = before.error;
    process.env = before.env;
    process.chdir(before.cwd);
    rmSync(root, { recursive: true, force: true });
  }
}

function layOut(case_: Case, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const path of case_.folders) mkdirSync(join(folder, path), { recursive: true });
  for (const { path, text, form } of case_.files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    if (form === "escaped") writeFileSync(file, Buffer.from(unescaped(text), "latin1"));
    else writeFileSync(file, form === "crlf" ? text.replaceAll("\n", "\r\n") : text);
    if (form === "executable") chmodSync(file, 0o755);
  }
}

function unescaped(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** Without what differs between machines and runs. */
function normal(text: string, root: string): string {
  return text
    .replaceAll(root, "")
    .replaceAll(/\*{4,}/g, "****")
    .replaceAll(/[^\P{Cc}\n]/gu, (each) => `\\x${(each.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`);
}
