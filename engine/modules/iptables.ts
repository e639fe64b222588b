import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { isDict, type Value } from "../source/value.ts";
import { anything, choice, flag, list, optional, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";

const word = (description: string) => optional(text(description));

/** Options that stand for one flag and one value each; a leading `!` negates. */
const simple: readonly (readonly [argument: string, flag: string])[] = [
  ["protocol", "-p"],
  ["source", "-s"],
  ["destination", "-d"],
  ["in_interface", "-i"],
  ["out_interface", "-o"],
  ["fragment", "-f"],
  ["set_counters", "-c"],
];

const args = Type.Object({
  table: text("filter, nat, mangle, raw, security.", { default: "filter" }),
  chain: word("The chain."),
  state: choice(["present", "absent"], "Whether the rule should be there.", { default: "present" }),
  action: choice(["append", "insert"], "Where a new rule goes.", { default: "append" }),
  rule_num: word("With insert: before which rule."),
  ip_version: choice(["ipv4", "ipv6"], "Which family.", { default: "ipv4" }),
  chain_management: flag("Make or remove the chain itself."),
  protocol: word("Protocol."),
  source: word("Source address."),
  destination: word("Destination address."),
  in_interface: word("Interface it comes in by."),
  out_interface: word("Interface it goes out by."),
  fragment: word("Fragments."),
  set_counters: word("Counters."),
  match: list(Type.String(), "Extensions.", { default: [] }),
  jump: word("Target."),
  goto: word("Chain to go on in."),
  source_port: word("Source port or range."),
  destination_port: word("Destination port or range."),
  destination_ports: list(Type.String(), "Destination ports.", { default: [] }),
  ctstate: list(Type.String(), "Connection states.", { default: [] }),
  syn: choice(["ignore", "match", "negate"], "SYN flag.", { default: "ignore" }),
  tcp_flags: optional(anything("`flags`: those that are looked at; `flags_set`: those of them that must be set.")),
  match_set: word("Set of ipset's."),
  match_set_flags: optional(
    choice(["src", "dst", "src,dst", "dst,src", "src,src", "dst,dst"], "What of a packet is looked up in that set."),
  ),
  gateway: word("Where TEE sends to."),
  set_dscp_mark_class: word("DSCP class."),
  icmp_type: word("ICMP type."),
  src_range: word("Source range."),
  dst_range: word("Destination range."),
  limit: word("Limit."),
  limit_burst: word("Burst of the limit."),
  uid_owner: word("User."),
  gid_owner: word("Group."),
  log_prefix: word("Prefix of LOG."),
  log_level: word("Level of LOG."),
  reject_with: word("Answer of REJECT."),
  to_destination: word("Target of DNAT."),
  to_source: word("Target of SNAT."),
  to_ports: word("Ports of REDIRECT."),
  set_dscp_mark: word("DSCP mark."),
  comment: word("Comment."),
  policy: optional(choice(["ACCEPT", "DROP", "QUEUE", "RETURN"], "Policy of the chain, instead of a rule.")),
  flush: flag("Remove all rules of the chain, or of the table."),
  wait: word("Seconds to wait for the lock."),
  numeric: flag("Accepted for compatibility."),
});
type Arguments = (typeof args)["static"];

export default stateModule({
  name: "iptables",
  collection: "ansible.builtin.iptables",
  summary: "Manages rules of the running packet filter.",
  args,
  example: "- iptables:\n    chain: INPUT\n    protocol: tcp\n    destination_port: '22'\n    jump: ACCEPT\n",
  requiredTogether: [["match_set", "match_set_flags"]],
  returns: { rule: "The rule's words." },
  *look(args): Look<Plan> {
    const { chain } = args;
    if (chain === undefined && !args.flush)
      throw new ModuleFailure("Either chain or flush parameter must be specified.");
    const binary = args.ip_version === "ipv4" ? "iptables" : "ip6tables";
    const wait = args.wait === undefined ? ["-w"] : ["-w", args.wait];
    const ipt = sh`${[binary, ...wait, "-t", args.table]}`;
    const rule = ruleWords(args);
    const where = chain === undefined ? [] : [chain];
    const is = yield* ask<{
      readonly rule: boolean;
      readonly chain: boolean;
      readonly rules: boolean;
      readonly policy: string;
    }>({
      kind: "iptables",
      subject: `${args.ip_version} ${args.table} ${chain ?? ""} ${rule.join(" ")}`,
      script: sh`command -v ${binary} >/dev/null 2>&1 || { echo 'iptables is not installed on the host' >&2; exit 3; }
${ipt} -S ${where} > /dev/null 2>&1 && echo chain || echo nochain
${ipt} -S ${where} 2>/dev/null | grep -q '^-A' && echo rules || echo norules
${chain === undefined ? sh`echo` : sh`${ipt} -S ${where} 2>/dev/null | sed -n 's/^-P [^ ]* //p' | grep . || echo`}
${chain === undefined ? sh`:` : sh`${ipt} -C ${[chain, ...rule]} >/dev/null 2>&1 && echo rule`}
exit 0`,
      decode(reply) {
        if (reply.status !== 0) throw new ModuleFailure(reply.stderr.toString().trim());
        const [chainLine, rules, policy = "", found] = reply.stdout.toString().split("\n");
        return { chain: chainLine === "chain", rules: rules === "rules", policy, rule: found === "rule" };
      },
    });
    const result = {
      rule: rule.join(" "),
      table: args.table,
      chain: chain ?? null,
      state: args.state,
      ip_version: args.ip_version,
      flush: args.flush,
    };
    const change = (name: string, words: readonly string[], before: Value, after: Value): Plan => ({
      result,
      change: {
        diff: [{ before, after }],
        steps: [{ name, script: sh`${ipt} ${words} || exit 1` }],
        effects: [{ opens: ["iptables"], because: "the packet filter" }],
      },
    });
    if (args.flush) return is.rules ? change("flush", ["-F", ...where], { rules: true }, { rules: false }) : { result };
    if (args.policy !== undefined) {
      return is.policy === args.policy
        ? { result }
        : change("set the policy", ["-P", ...where, args.policy], { policy: is.policy }, { policy: args.policy });
    }
    if (args.chain_management && rule.length === 0) {
      if (is.chain === (args.state === "present")) return { result };
      return args.state === "present"
        ? change("make the chain", ["-N", ...where], { chain: false }, { chain: true })
        : change("remove the chain", ["-X", ...where], { chain: true }, { chain: false });
    }
    if (is.rule === (args.state === "present")) return { result };
    const verb =
      args.state === "absent"
        ? ["-D", ...where]
        : args.action === "insert"
          ? ["-I", ...where, ...(args.rule_num === undefined ? [] : [args.rule_num])]
          : ["-A", ...where];
    return change(
      args.state === "absent" ? "remove the rule" : "add the rule",
      [...verb, ...rule],
      { rule: is.rule },
      { rule: !is.rule },
    );
  },
});

/** The words that make the rule, as iptables takes them. */
export function ruleWords(args: Arguments): string[] {
  const given: { readonly [argument: string]: Value | undefined } = args;
  const result: string[] = [];
  const add = (flagName: string, value: string | undefined) => {
    if (value === undefined) return;
    if (value.startsWith("!")) result.push("!", flagName, value.slice(1).trim());
    else result.push(flagName, value);
  };
  for (const [argument, flagName] of simple) {
    const value = given[argument];
    add(flagName, typeof value === "string" ? value : undefined);
  }
  const matches = new Set<string>();
  const match = (name: string) => {
    if (!matches.has(name) && !args.match.includes(name)) result.push("-m", name);
    matches.add(name);
  };
  for (const name of args.match) result.push("-m", name);
  add("--source-port", args.source_port);
  add("--destination-port", args.destination_port);
  if (args.destination_ports.length > 0) {
    match("multiport");
    result.push("--dports", args.destination_ports.join(","));
  }
  if (args.ctstate.length > 0) {
    match("conntrack");
    result.push("--ctstate", args.ctstate.join(","));
  }
  if (args.src_range !== undefined || args.dst_range !== undefined) {
    match("iprange");
    add("--src-range", args.src_range);
    add("--dst-range", args.dst_range);
  }
  if (args.limit !== undefined || args.limit_burst !== undefined) {
    match("limit");
    add("--limit", args.limit);
    add("--limit-burst", args.limit_burst);
  }
  if (args.uid_owner !== undefined || args.gid_owner !== undefined) {
    match("owner");
    add("--uid-owner", args.uid_owner);
    add("--gid-owner", args.gid_owner);
  }
  if (args.match_set !== undefined) {
    match("set");
    const [set, negated] = args.match_set.startsWith("!") ? [args.match_set.slice(1).trim(), true] : [args.match_set];
    result.push(...(negated ? ["!"] : []), "--match-set", set, args.match_set_flags ?? "");
  }
  if (args.tcp_flags !== undefined) result.push("--tcp-flags", ...flagWords(args.tcp_flags));
  if (args.syn === "match") result.push("--syn");
  if (args.syn === "negate") result.push("!", "--syn");
  add(args.ip_version === "ipv4" ? "--icmp-type" : "--icmpv6-type", args.icmp_type);
  if (args.comment !== undefined) {
    match("comment");
    result.push("--comment", args.comment);
  }
  if (args.jump !== undefined) result.push("-j", args.jump);
  if (args.goto !== undefined) result.push("-g", args.goto);
  const target: readonly (readonly [string, string | undefined])[] = [
    ["--log-prefix", args.log_prefix],
    ["--log-level", args.log_level],
    ["--reject-with", args.reject_with],
    ["--to-destination", args.to_destination],
    ["--to-source", args.to_source],
    ["--to-ports", args.to_ports],
    ["--set-dscp", args.set_dscp_mark],
    ["--set-dscp-class", args.set_dscp_mark_class],
    ["--gateway", args.gateway],
  ];
  for (const [flagName, value] of target) if (value !== undefined) result.push(flagName, value);
  return result;
}

/** `{flags: [SYN, ACK], flags_set: [SYN]}` as two words. */
function flagWords(given: Value): [string, string] {
  const words = (value: Value | undefined) =>
    Array.isArray(value) ? value.map(String).join(",") : String(value ?? "");
  const looked = isDict(given) ? words(given["flags"]) : "";
  const set = isDict(given) ? words(given["flags_set"]) : "";
  if (looked === "" || set === "") throw new ModuleFailure("tcp_flags needs flags and flags_set.");
  return [looked, set];
}
