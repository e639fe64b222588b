import { expect, test } from "vitest";
import { validateArguments } from "../../../engine/modules/arguments.ts";
import { ruleWords } from "../../../engine/modules/iptables.ts";
import { findModule } from "../../../engine/modules/registry.ts";
import type { Dict } from "../../../engine/source/value.ts";

test.each([
  [
    { protocol: "tcp", tcp_flags: { flags: ["SYN", "ACK"], flags_set: ["SYN"] }, jump: "DROP" },
    "-p tcp --tcp-flags SYN,ACK SYN -j DROP",
  ],
  [{ match_set: "admins", match_set_flags: "src", jump: "ACCEPT" }, "-m set --match-set admins src -j ACCEPT"],
  [{ match_set: "!bad", match_set_flags: "src,dst" }, "-m set ! --match-set bad src,dst"],
  [{ jump: "TEE", gateway: "10.0.0.1" }, "-j TEE --gateway 10.0.0.1"],
])("%o are the words %s", async (given, words) => {
  const module = await findModule("iptables");
  if (!module) throw new Error("no module iptables");
  const { args } = validateArguments(module, { chain: "INPUT", ...given } as Dict);
  expect(ruleWords(args as Parameters<typeof ruleWords>[0]).join(" ")).toBe(words);
});
