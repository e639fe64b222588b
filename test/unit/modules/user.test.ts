import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fingerprint, keyFile, keySteps } from "../../../engine/modules/user-key.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "key-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test.each([
  ["ed25519", []],
  ["rsa", ["-b", "2048"]],
  ["ecdsa", ["-b", "384"]],
])("the fingerprint of %s is ssh-keygen's", (type, bits) => {
  const file = join(root, "k");
  execFileSync("ssh-keygen", ["-q", "-t", type, ...bits, "-N", "", "-C", "two words", "-f", file]);
  const said = execFileSync("ssh-keygen", ["-l", "-f", file]).toString().trim();
  expect(fingerprint(readFileSync(`${file}.pub`, "utf8"))).toBe(said);
});

const wishes = { name: "u", generate_ssh_key: true, ssh_key_type: "ed25519", force: false };
const account = {
  exists: true,
  uid: 1,
  gid: 1,
  group: "u",
  comment: "",
  home: "/home/u",
  homeExists: true,
  shell: "/bin/sh",
  groups: [],
  password: undefined,
  expires: undefined,
  inactive: undefined,
  ages: [0, 99_999, 7],
  privateKey: false,
  publicKey: undefined,
} as const;

test("a key's file is named after its type", () => {
  expect(keyFile(wishes)).toBe(".ssh/id_ed25519");
  expect(keyFile({ ...wishes, ssh_key_file: "/k" })).toBe("/k");
});

test("a private key without its public one is never replaced", () => {
  expect(keySteps(wishes, account)).toHaveLength(1);
  expect(keySteps(wishes, { ...account, privateKey: true })).toEqual([]);
  expect(keySteps({ ...wishes, force: true }, { ...account, privateKey: true })).toHaveLength(1);
});
