import { describe, expect, it } from "vitest";
import type { Value } from "../../../engine/source/value.ts";
import { createTemplar } from "../../../engine/template/templar.ts";
import { contextOf } from "./context.ts";

const templar = createTemplar(contextOf({ mixed: ["10.0.0.1", "::1", "nope", "192.168.0.0/16", "fe80::1/64"] }));

describe("ipaddr and its kin", () => {
  it.each<[string, Value]>([
    ["'10.0.0.1' | ipaddr", "10.0.0.1"],
    ["'10.0.0.1/24' | ansible.utils.ipaddr", "10.0.0.1/24"],
    ["'nope' | ipaddr", false],
    ["'256.1.1.1' | ipaddr", false],
    ["mixed | ipaddr", ["10.0.0.1", "::1", "192.168.0.0/16", "fe80::1/64"]],
    ["mixed | ipv4", ["10.0.0.1", "192.168.0.0/16"]],
    ["mixed | ipv6", ["::1", "fe80::1/64"]],
    ["'10.0.0.7/24' | ipaddr('address')", "10.0.0.7"],
    ["'10.0.0.7/24' | ipaddr('network')", "10.0.0.0"],
    ["'10.0.0.7/24' | ipaddr('network/prefix')", "10.0.0.0/24"],
    ["'10.0.0.7/24' | ipaddr('netmask')", "255.255.255.0"],
    ["'10.0.0.7/255.255.255.0' | ipaddr('prefix')", 24],
    ["'10.0.0.7/24' | ipaddr('broadcast')", "10.0.0.255"],
    ["'10.0.0.0/24' | ipaddr('net')", "10.0.0.0/24"],
    ["'10.0.0.7/24' | ipaddr('net')", null],
    ["'10.0.0.7/24' | ipaddr('host')", "10.0.0.7/24"],
    ["'10.0.0.0/24' | ipaddr('size')", 256],
    ["'10.0.0.0/24' | ipaddr('first_usable')", "10.0.0.1"],
    ["'10.0.0.0/24' | ipaddr('last_usable')", "10.0.0.254"],
    ["'10.0.0.7/24' | ipaddr('next_usable')", "10.0.0.8"],
    ["'10.0.0.0/24' | ipaddr('10')", "10.0.0.10/24"],
    ["'10.0.0.0/24' | ipaddr(-1)", "10.0.0.255/24"],
    ["'10.0.0.7' | ipaddr('10.0.0.0/8')", "10.0.0.7"],
    ["'11.0.0.7' | ipaddr('10.0.0.0/8')", null],
    ["'10.0.0.7' | ipaddr('private')", "10.0.0.7"],
    ["'8.8.8.8' | ipaddr('public')", "8.8.8.8"],
    ["'10.0.0.7' | ipaddr('int')", 167772167],
    ["'10.0.0.7' | ipaddr('revdns')", "7.0.0.10.in-addr.arpa."],
    ["'10.0.0.7/24' | ipaddr('wildcard')", "0.0.0.255"],
    ["'2001:DB8:0:0::1/64' | ipaddr('subnet')", "2001:db8::/64"],
    ["'::1' | ipwrap", "[::1]"],
    ["'10.0.0.1' | ipwrap", "10.0.0.1"],
    ["'host' | ipwrap", "host"],
    ["'fd00::1' | ipwrap('public')", false],
    ["'10.0.0.0/16' | ipsubnet(24, 0)", "10.0.0.0/24"],
    ["'10.0.0.0/16' | ipsubnet(24, -1)", "10.0.255.0/24"],
    ["'10.0.0.0/16' | ipsubnet(24)", "256"],
    ["'10.0.0.5' | ipmath(5)", "10.0.0.10"],
    ["'10.0.0.0/8' | nthhost(305)", "10.0.1.49"],
    ["'10.0.0.1/24' | next_nth_usable(2)", "10.0.0.3"],
    ["'10.0.0.0/24' | network_in_usable('10.0.0.7')", true],
    ["'10.0.0.0/24' | network_in_network('10.0.1.0/25')", false],
    ["['10.0.0.0/25', '10.0.0.128/25', '10.0.2.0/24'] | cidr_merge", ["10.0.0.0/24", "10.0.2.0/24"]],
    ["['10.0.0.0/25', '10.0.2.0/24'] | cidr_merge('span')", "10.0.0.0/22"],
    ["'1a:2b:3c:4d:5e:6f' | hwaddr('cisco')", "1a2b.3c4d.5e6f"],
    ["'1A-2B-3C-4D-5E-6F' | hwaddr", "1a:2b:3c:4d:5e:6f"],
    ["'192.168.0.1' | ip4_hex", "c0a80001"],
    ["['10.0.0.1', '11.0.0.1'] | reduce_on_network('10.0.0.0/8')", ["10.0.0.1"]],
    ["{'a': [{'n': 1}, {'n': 2}]} | json_query('a[].n')", [1, 2]],
    ["{'a': [{'n': 1}]} | json_query('b')", null],
    ["'a,b\n1,2\n' | from_csv", [{ a: "1", b: "2" }]],
    ["'secret' | vault('pw') | unvault('pw')", "secret"],
  ])("%s", (expression, expected) => {
    expect(templar.evaluate(expression)).toEqual(expected);
  });
});
