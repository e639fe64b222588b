import { describe, expect, it } from "vitest";
import { pythonRepr } from "../../../engine/source/python-repr.ts";
import { createTemplar } from "../../../engine/template/templar.ts";
import { contextOf } from "./context.ts";
import { goldenVariables } from "./golden-variables.ts";

// More of what ansible-core 2.19 and the collections answer, found by comparing whole families of expressions.
const templar = createTemplar(contextOf(goldenVariables()));
const rendered = (text: string): string => pythonRepr(templar.render(text));

const families: { readonly [family: string]: readonly (readonly [string, string])[] } = {
  "groups have names": [
    ["{% for g in users | groupby('age') %}{{ g.grouper }}:{{ g.list | length }};{% endfor %}", "'25:1;30:2;'"],
    ["{{ users | groupby('age') | map(attribute='grouper') | list }}", "[25, 30]"],
    ["{{ (users | groupby('age') | first).list | map(attribute='name') | list }}", "['alice']"],
    ["{% for age, them in users | groupby('age') %}{{ age }}:{{ them[0].name }};{% endfor %}", "'25:alice;30:bob;'"],
  ],
  "passwords as crypt(3) stores them": [
    ["{{ 'secret' | password_hash('sha512', 'mysalt') | truncate(20) }}", "'$6$mysalt$UX6P1VK...'"],
    ["{{ 'secret' | password_hash('md5', 'mysalt') }}", "'$1$mysalt$n/EfEiV74OYgBdqhKQzSW/'"],
    [
      "{{ 'secret' | password_hash('bcrypt', '1234567890123456789012') }}",
      "'$2b$12$123456789012345678901uO/yptqYYqXPYviqOvezm2C7cYzKwtUq'",
    ],
    [
      "{{ 'secret' | password_hash('blowfish', '1234567890123456789012', rounds=5) }}",
      "'$2b$05$123456789012345678901u.97m5mwuxOR3RvRKYm9sasohx5Mnzwq'",
    ],
    [
      "{{ 'secret' | password_hash('bcrypt', '1234567890123456789012', ident='2y', rounds=4) }}",
      "'$2y$04$123456789012345678901u//h8y7tq3SNKU3W0iQ9NrkyT8n5fXPS'",
    ],
    ["{{ 'secret' | password_hash('bcrypt', rounds=4) | length }}", "60"],
    ["{{ 'secret' | password_hash('sha512', '') | length }}", "106"],
  ],
  "seeded passwords": [
    ["{{ lookup('password', '/dev/null', seed='x') }}", "'O9iX65WvW9::bS:gx:86'"],
    ["{{ lookup('password', '/dev/null chars=ascii_letters,,digits length=20 seed=q') }}", "'C6pb7ojH0Gk5LPEI3Z6t'"],
    [
      "{{ lookup('password', '/dev/null', chars=['.','ascii_letters',':','-','_','digits'], seed='q') }}",
      "'2FdEtw7NGI0XwefX_8M7'",
    ],
  ],
  times: [
    [
      "{{ '%-d %-m %_d %^a %#Z %010d|%5d|%_5d|%^B|%#p|%10A|%-H|%-j|%_H|%-y|%3e|%k|%l|%P' | strftime(1585247522, utc=true) }}",
      "'26 3 26 THU GMT 0000000026|00026|   26|MARCH|pm|  Thursday|18|86|18|20| 26|18| 6|pm'",
    ],
    ["{{ '%H %Z %z %Ey %Q' | strftime(1585247522, utc=true) }}", "'18 GMT +0000 20 %Q'"],
    ["{{ ('2016-08-14 20:00:12' | to_datetime).strftime('%-d %Z|%z|%k') }}", "'14 ||20'"],
  ],
  data: [
    ["{{ '' | from_yaml_all | list }}", "[]"],
    ["{{ '---\n---\na: 1' | from_yaml_all | list }}", "[None, {'a': 1}]"],
    ["{{ '' | from_yaml }}", "None"],
    ["{{ '0o777' | int(base=0) }}", "511"],
    ["{{ 'YW-I=' | b64decode }}", "'ab'"],
  ],
  addresses: [
    ["{{ '192.168.32.0/24' | ansible.utils.ipaddr('address') }}", "None"],
    ["{{ '192.168.32.5/24' | ansible.utils.ipaddr('net') }}", "None"],
    ["{{ '192.168.32.5' | ansible.utils.ipaddr('host/prefix') }}", "'192.168.32.5/32'"],
    ["{{ '192.168.144.5' | ansible.utils.ipsubnet(24) }}", "'192.168.144.0/24'"],
    ["{{ '167772161' | ansible.utils.ipaddr('address') }}", "'10.0.0.1'"],
    ["{{ 'xx' | ansible.utils.hwaddr }}", "None"],
    [
      "{{ ['10.1.1.1', 'x', '10.1.1.1/24', '10.0.0.0/8'] | select('ansible.utils.ip') | list }}",
      "['10.1.1.1', '10.0.0.0/8']",
    ],
    ["{{ '10.1.1.1/24' is ansible.utils.ipv4_address }}", "False"],
    ["{{ '::1' is ansible.utils.ipv6 and '::1' is not ansible.utils.ipv4 }}", "True"],
    ["{{ ['10.1.1.1', '11.1.1.1'] | select('ansible.utils.in_network', '10.0.0.0/8') | list }}", "['10.1.1.1']"],
    ["{{ '10.1.1.1' is ansible.utils.in_any_network ['10.0.0.0/8', '11.0.0.0/8'] }}", "True"],
    ["{{ '10.1.1.1' is ansible.utils.in_one_network ['10.0.0.0/8', '10.1.0.0/16'] }}", "False"],
    ["{{ '10.1.0.0/16' is ansible.utils.subnet_of '10.0.0.0/8' }}", "True"],
    ["{{ '10.0.0.0/8' is ansible.utils.supernet_of '10.1.0.0/16' }}", "True"],
    ["{{ ['100.64.0.1', '8.8.8.8', '127.0.0.1'] | select('ansible.utils.public') | list }}", "['8.8.8.8']"],
    [
      "{{ ['2001:db8::1', 'fd00::1', '10.0.0.0/8', '0.0.0.0'] | select('ansible.utils.private') | list }}",
      "['2001:db8::1', 'fd00::1', '0.0.0.0']",
    ],
    ["{{ ['255.255.255.0', '255.255.0.255'] | select('ansible.utils.ipv4_netmask') | list }}", "['255.255.255.0']"],
    [
      "{{ ['0011.2233.4455', '00:11:22:33:44', '00-11-22-33-44-55'] | select('ansible.utils.mac') | list }}",
      "['0011.2233.4455', '00-11-22-33-44-55']",
    ],
  ],
};

for (const [family, cases] of Object.entries(families))
  describe(family, () => {
    it.each(cases)("%s", (text, repr) => {
      expect(rendered(text)).toBe(repr);
    });
  });

describe("refused", () => {
  it.each([
    ["{{ 'x' | password_hash('bcrypt', 'short') }}", "a salt for bcrypt has 22 letters"],
    ["{{ 'x' | password_hash('bcrypt', rounds=3) }}", "bcrypt has 4 to 31 rounds, not 3"],
    ["{{ 'x' | password_hash('bcrypt', rounds=4, ident='zz') }}", "bcrypt has no ident 'zz'"],
    ["{{ 'x' | password_hash('nope') }}", "password_hash has no 'nope'"],
    ["{{ 'x' | regex_escape('posix_extended') }}", "regex_escape has no type 'posix_extended'"],
    ["{{ 'x' | human_readable }}", "'x' is no number of bytes"],
    ["{{ 'YWI' | b64decode }}", "this is no Base64"],
    ["{{ '192.168.32.5' | ansible.utils.ipaddr('first_usable') }}", "192.168.32.5 is no network"],
    ["{{ none | ansible.utils.ipaddr }}", "ipaddr takes addresses, not a value of type NoneType"],
  ])("%s", (text, message) => {
    expect(() => rendered(text)).toThrow(message);
  });
});
