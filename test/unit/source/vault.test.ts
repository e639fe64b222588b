import { describe, expect, it } from "vitest";
import { DiagnosticError } from "../../../engine/source/diagnostic.ts";
import { isVault, Vault } from "../../../engine/source/vault.ts";

// Made by ansible-vault encrypt_string of ansible-core 2.14 with the password "secret".
const byAnsible = `$ANSIBLE_VAULT;1.1;AES256
37636639326665303765366136386365313866663736343636383536306536643936383339336465
3061636665623066346634316530353637363832316634370a373532303138313639393439666666
62346364326438363736653334346138396632366530376333396662653636666636313632363133
6663316631646638660a656666303162366632363965373463623638393662356534333337643161
3066`;

describe("Vault", () => {
  const vault = new Vault([
    { id: "default", password: "secret" },
    { id: "prod", password: "other" },
  ]);

  it("opens what ansible-vault wrote", () => {
    expect(vault.decrypt(byAnsible)).toBe("hello wörld");
    expect(vault.decrypt(`  ${byAnsible.replaceAll("\n", "\n   ")}\n`)).toBe("hello wörld");
  });
  it.each(["", "x", "0123456789abcdef", "line\nline\n", "ünïcode", "y".repeat(1000)])("round trip %j", (text) => {
    expect(vault.decrypt(vault.encrypt(text))).toBe(text);
  });
  it("keeps bytes that are no text", () => {
    const bytes = Buffer.from([0, 255, 254, 128, 10]);
    expect(vault.decryptBytes(vault.encrypt(bytes))).toEqual(bytes);
  });
  it("writes the id, and tries every password", () => {
    const text = vault.encrypt("x", "prod");
    expect(text.split("\n")[0]).toBe("$ANSIBLE_VAULT;1.2;AES256;prod");
    expect(text.split("\n").every((line) => line.length <= 80)).toBe(true);
    expect(new Vault([{ id: "elsewhere", password: "other" }]).decrypt(text)).toBe("x");
  });
  it.each([
    ["a wrong password", () => new Vault([{ id: "default", password: "wrong" }]).decrypt(byAnsible), "vault-password"],
    ["no password", () => new Vault([]).decrypt(byAnsible), "vault-password"],
    ["no vault", () => vault.decrypt("hello"), "vault-format"],
    ["damage", () => vault.decrypt(byAnsible.slice(0, -40)), "vault-format"],
    ["an old format", () => vault.decrypt("$ANSIBLE_VAULT;1.0;AES\n61"), "vault-format"],
    ["an unknown id", () => vault.encrypt("x", "dev"), "vault-password"],
  ])("refuses %s", (_, act, code) => {
    let caught: unknown;
    try {
      act();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(DiagnosticError);
    expect(caught).toMatchObject({ diagnostics: [{ code }] });
  });
  it("knows a vault when it sees one", () => {
    expect([byAnsible, Buffer.from(byAnsible), "x", "", " $ANSIBLE_VAULT;1.1"].map(isVault)).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
  });
});
