import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSecrets } from "../../../engine/source/secrets.ts";

describe("Secrets", () => {
  const secret = "pa$$ \"w/o'rd ü";
  const secrets = createSecrets();
  secrets.add(secret);
  it.each([
    ["plain", secret],
    ["json", JSON.stringify({ a: secret })],
    ["json in json", JSON.stringify(JSON.stringify({ a: secret }))],
    ["shell", `'${secret.replaceAll("'", "'\\''")}'`],
    ["python's shell quoting", `'${secret.replaceAll("'", `'"'"'`)}'`],
    ["yaml's single quotes", `'${secret.replaceAll("'", "''")}'`],
    ["base64", Buffer.from(secret).toString("base64")],
    ["base64 behind a user name", Buffer.from(`root:${secret}`).toString("base64")],
    ["base64 between others", Buffer.from(`ab${secret}cd`).toString("base64")],
    ["url", encodeURIComponent(secret)],
    ["form", encodeURIComponent(secret).replaceAll("%20", "+")],
  ])("finds the %s form", (_, text) => {
    const shown = secrets.redact(`<<${text}>>`);
    expect(shown).toContain("********");
    expect(shown).not.toContain("w/o");
    expect(shown).not.toContain(Buffer.from(secret).toString("base64").slice(4, 12));
  });
  it("replaces each line of a long one", () => {
    const store = createSecrets();
    store.add("-----BEGIN KEY-----\nabcdefgh\nij\n-----END KEY-----\n");
    expect(store.redact("  abcdefgh\n  ij")).toBe("  ********\n  ij");
  });
  it("replaces a short one only where it is all", () => {
    const store = createSecrets();
    store.add("abc");
    expect([store.redact("abc"), store.redact("abc\n"), store.redact("abcd")]).toEqual([
      "********",
      "********",
      "abcd",
    ]);
  });
  it("leaves no tail of secrets that overlap", () => {
    const store = createSecrets();
    store.add("abcdefgh");
    store.add("efghijkl");
    expect(store.redact("xabcdefghijklx")).toBe("x********x");
    expect(store.redact("abcdefgh abcdefgh")).toBe("******** ********");
  });
  it("ignores the empty text", () => {
    const store = createSecrets();
    store.add("");
    store.add("  \n");
    expect(store.redact("  ")).toBe("  ");
  });
  it("never shows a secret, whatever is around it", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, maxLength: 30 }), fc.string(), fc.string(), (text, before, after) => {
        fc.pre(text.trim().length >= 6 && !text.includes("*"));
        const store = createSecrets();
        store.add(text);
        for (const part of store.redact(before + text + after).split("********"))
          expect(part).not.toContain(text.trim());
      }),
      { seed: 1 },
    );
  });
});
