import { closeSync, lstatSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Unknown } from "../../source/value.ts";
import { isVault } from "../../source/vault.ts";
import { type Item, text } from "../item.ts";
import { expandHome } from "../lookups/find-file.ts";
import { type Family, plugin } from "../plugin.ts";

function asking(ask: (path: string) => boolean) {
  return plugin<boolean | Unknown>("", (input) => ask(expandHome(text(input))));
}

const status = (path: string) => statSync(path, { throwIfNoEntry: false });
const linkStatus = (path: string) => lstatSync(path, { throwIfNoEntry: false });

function sameFile(a: string, b: string): boolean {
  const x = status(a);
  const y = status(b);
  return x !== undefined && y !== undefined && x.ino === y.ino && x.dev === y.dev;
}

function isMount(path: string): boolean {
  const own = linkStatus(path);
  if (own === undefined || own.isSymbolicLink()) return false;
  const parent = linkStatus(dirname(realpathSync(path)));
  return parent !== undefined && (parent.dev !== own.dev || parent.ino === own.ino);
}

function isVaultedFile(path: string): boolean {
  if (!status(path)?.isFile()) return false;
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(16);
    readSync(file, start, 0, 16, 0);
    return isVault(start);
  } finally {
    closeSync(file);
  }
}

/** Tests on paths of the controller. */
export const pathTests: Family<boolean | Unknown> = {
  abs: asking((path) => path.startsWith("/")),
  directory: asking((path) => status(path)?.isDirectory() ?? false),
  exists: asking((path) => status(path) !== undefined),
  file: asking((path) => status(path)?.isFile() ?? false),
  link: asking((path) => linkStatus(path)?.isSymbolicLink() ?? false),
  link_exists: asking((path) => linkStatus(path) !== undefined),
  mount: asking(isMount),
  same_file: plugin("path", (input, { path }) => sameFile(text(input), text((path ?? "") satisfies Item))),
  vaulted_file: asking(isVaultedFile),
};
