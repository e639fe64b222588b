"""Makes golden-ansible.json: what the templar of ansible-core 2.19 itself answers.

Run: PYTHONPATH=…/dist-packages /usr/bin/python3 golden_ansible.py > golden-ansible.json
Conditions are asked with the setting that 2.19 has by default: what is no boolean is an error there.
"""
import json
import sys

import golden
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

TEMPLATES = [
    "{{ a }}", " {{ a }}", "{{ a }} ", "{{ a }}{{ b }}", "{{ l }}", "{{ l }}x", "{{ d }}", "{{ n }}", "{{ n }}x", "x{{ n }}", "{{ t }}", "{{ t }}x", "{{ 1.0 }}", "{{ (1, 2) }}",
    "{% if t %}{{ l }}{% endif %}", "{% if t %}{{ a }}{% endif %}", "{% if x %}y{% endif %}", "{% for i in l %}{{ i }}{% endfor %}", "{% for i in [5] %}{{ i }}{% endfor %}", "{{ [] }}", "{{ '' }}", "{{ e }}", "{# c #}", "{# c #}{{ a }}",
    "{{ 'a' }}{{ n }}{{ n }}", "{{ n }}{{ n }}", "{% set y = 1 %}", "{% set y = 1 %}{{ y }}", "[1, 2]", "{{ '[1, 2]' }}", "{{ '{\"a\": 1}' }}", "{{ json }}", "{{ num }}", "{{ 'True' }}", "{{ '1' }}", "{{ d.items() }}", "{{ d.keys() }}", "{{ range(3) }}", "{{ users | map(attribute='name') }}", "{{ users | map(attribute='name') }}x", "{{ l | reverse }}", "{{ d.items() | first }}",
    "{{ l | select('odd') }}", "{{ 'x' if x }}", "{{ undefd }}", "{{ undefd.a }}", "{{ d.nope }}", "{{ undefd | default(omit) }}", "{{ [undefd] }}", "{{ {'a': undefd} }}", "{{ [undefd] | select('defined') | list }}", "{{ [undefd, 1] | first | default('q') }}", "{{ users | map(attribute='nope') | list }}", "{{ users | map(attribute='nope') | map('default', 'z') | list }}",
    "{{ users | map(attribute='nope') | select('defined') | list }}", "{{ users | selectattr('nope', 'defined') | list }}", "{{ users | selectattr('nope') | list }}", "{{ users | rejectattr('nope', 'defined') | length }}", "{{ l[9] | default(1) }}", "{{ d['x']['y'] | default(1) }}", "{{ s.x | default(1) }}", "{{ n.x | default(1) }}", "{{ a.x is defined }}", "{{ undefd is defined }}", "{{ d[undefd] | default('k') }}",
    "{{ lookup('vars', 'a') }}", "{{ lookup('vars', 'l') }}", "{{ lookup('items', l) }}", "{{ lookup('items', ['a', 'b']) }}", "{{ query('items', 1, 2) }}", "{{ lookup('dict', {'a': 1}) }}", "{{ lookup('sequence', 'start=1 end=3') }}", "{{ lookup('pipe', 'printf a') }}", "{{ lookup('env', 'NOPE_X') }}", "{{ lookup('env', 'NOPE_X', default='z') }}", "{{ lookup('list', []) }}", "{{ query('list', []) }}", "{{ lookup('items', []) }}", "{{ lookup('first_found', ['/nope'], skip=true) }}", "{{ lookup('file', '/nope', errors='ignore') }}", "{{ lookup('pipe', 'exit 3', errors='ignore') }}",
    "{{ '%s' % l }}", "{{ s ~ l }}", "{{ 'a' + 1 | string }}", "{{ l | string }}", "{{ 'a\\nb' }}", "line\n{{ a }}\n", "{{ a }}\n", "\n{{ a }}", "{{ ok is changed }}", "{{ 'x' is changed }}", "{{ {} is failed }}", "{{ {'changed': 1} is changed }}", "{{ {'results': [{'changed': true}]} is changed }}", "{{ {'changed': false, 'results': [{'changed': true}]} is changed }}",
    "{{ 5 | bool }}", "{{ 'maybe' | bool }}", "{{ 'y' | bool }}", "{{ 1.0 | bool }}", "{{ n | bool }}", "{{ [] | bool }}", "{{ s | ternary(1, 2) }}", "{{ 'false' | ternary(1, 2) }}", "{{ d | type_debug }}", "{{ n | type_debug }}", "{{ undefd | type_debug }}", "{{ (1,) | type_debug }}", "{{ d.keys() | type_debug }}", "{{ {1: 'a'} }}", "{{ {1: 'a'}[1] }}", "{{ {true: 'a'} }}", "{{ now() is defined }}", "{{ 'a' in undefd | default([]) }}", "{{ not undefd | default(false) }}",
    "{{ 'abc' | regex_search('z') }}", "{{ 'abc' | regex_search('z') }}x", "{{ 'abc' | regex_search('(b)', '\\1') }}", "{{ 'abc' | regex_search('z', '\\1') }}", "{{ users | groupby('age') }}", "{{ l | random(seed='a') }}", "{{ d | dict2items }}", "{{ d | dictsort }}", "{{ d | dict2items | first }}", "{{ [1, 2] | zip([3, 4]) }}", "{{ d | to_json }}", "{{ d | to_nice_json }}", "{{ d | to_nice_yaml }}", "{{ (1, 2) | to_json }}", "{{ [1.0, none, true] | to_json }}", "{{ u | to_json }}", "{{ u | to_nice_json }}", "{{ u | to_nice_yaml }}", "{{ d | to_yaml }}", "{{ 'a' | to_yaml }}", "{{ {} | to_nice_yaml }}", "{{ '{\"a\": [1]}' | from_json }}", "{{ '' | from_yaml }}", "{{ 'a' | from_json }}", "{{ 12 | from_yaml }}",
    "{% raw %}{{ a }}{% endraw %}", "{{ '{{ a }}' }}", "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(5) }}", "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(l) }}", "{% set v %}{{ l }}{% endset %}{{ v }}", "{% set v = l %}{{ v }}", "{{ a }}{% if x %}z{% endif %}", "{% if x %}z{% endif %}{{ a }}", "{% if x %}z{% endif %}{{ l }}", "{{ l }}{% if x %}z{% endif %}", "{% filter upper %}{{ s }}{% endfilter %}", "{{ -5 // 2 }}", "{{ 5 % -3 }}", "{{ [1] in [[1]] }}", "{{ 1 in {1: 2} }}", "{{ '1' in {1: 2} }}", "{{ none | default('x') }}", "{{ none | string }}", "{{ [none] | join }}", "{{ none ~ 'a' }}", "{{ true ~ 'a' }}", "{{ [1, 2] ~ 'a' }}", "{{ {'a': 1}.items() | list }}", "{{ l | length | string }}", "{{ 'a,b' | split(',') }}", "{{ 'a,b'.split(',') }}", "{{ '1' + '2' }}", "{{ 1 ~ 2 }}", "{{ s is sameas s }}", "{{ l is sameas l }}", "{{ l == l }}", "{{ omit is defined }}", "{{ users.0.name }}", "{{ users[0]['groups'][1] }}", "{{ items }}", "{{ path | splitext | last }}", "{{ undefd is string | default(1) }}", "{{ undefd is none }}", "{{ undefd | upper | default('z') }}", "{{ 'x' | from_json | default('bad') }}", "{{ 'x' | replace(undefd, 1) | default('z') }}", "{{ lookup('file', '/nope') | default('z') }}", "{{ lookup('pipe', undefd) | default('z') }}", "{{ (1 / 0) | default('z') }}", "{{ (undefd + 1) | default('z') }}", "{{ undefd | mandatory | default('z') }}", "{{ ('x' | from_json) is defined }}", "{{ s.startswith(undefd) | default('z') }}", "{{ n | map('upper') | list }}", "{{ [1, undefd] | map('int') | select('defined') | list }}", "{{ ['{}', 'x'] | map('from_json') | select('defined') | list }}", "{{ n | combine({'a': 1}) }}", "{{ (s is match('(')) | default('z') }}", "{% set q1 = 'x' | from_json %}ok", "{{ range(undefd) | default('z') }}", "{{ undefd.foo() | default('z') }}", "{{ undefd() | default('z') }}", "{{ d.nope.keys() | default('z') }}", "{{ s.nope() | default('z') }}",  "{{ (undefd == 1) | default('z') }}", "{{ undefd['a'][1] | default('z') }}", "{{ (undefd ~ 'a') | default('z') }}", "{{ ('a' in undefd) | default('z') }}", "{{ [undefd] | default('z') }}", "{{ not undefd }}", "{{ (undefd if t else 1) | default('z') }}", "{{ (undefd or 1) | default('z') }}", "{{ 'a'.join([undefd]) | default('z') }}", "{{ [undefd] | join | default('z') }}", 
]
CONDITIONS = [
    "a", "a == 1", "t", "x", "n", "s", "e", "l", "empty", "d", "not empty", "not l", "undefd", "undefd is defined", "undefd is not defined and x", "a == 1 and s", "s and a == 1", "x or 'yes'", "'true'", "'false'", "true", "false", "True", "1", "0", "none", "ok is changed", "ok is not failed", "bad is failed and bad.rc == 1", "ok.rc == 0", "ok.nope", "ok.nope | default(false)", "'bob' in names", "num | int > 40", "l | length > 2", "s == 'hello'", "s is match('h')", "s | bool", "'yes' | bool", "d.a", "d.a is defined", "{{ t }}", "{{ a == 1 }}", "{{ x }}", "{{ s }}", "users | selectattr('age', '>', 26) | list", "users | selectattr('age', '>', 26) | list | length == 2", "1 < a < 3", "a in [1, 2]", "a is undefined", "inline if true else false" if False else "t if x else x", "not (t and x)", "a == 1 or undefd", "t or undefd", "x and undefd",
]


def answer(work):
    try:
        value = work()
        if type(value).__name__ in ("Omit", "OmitType"):
            return {"repr": "<<Omit>>"}
        return {"repr": repr(golden.plain(value))}
    except Exception as error:
        return {"error": str(error).split("\n")[0][:150]}


def main():
    templar = Templar(loader=DataLoader(), variables={**golden.VARS})
    out = {"templates": [], "conditions": []}
    for line in golden.EXPRESSIONS.strip().split("\n") + golden.FAILING.strip().split("\n"):
        if "random is defined" in line or "{{" in line:
            continue
        out["templates"].append({"text": "{{ " + line + " }}", **answer(lambda: templar.template(trust_as_template("{{ " + line + " }}")))})
    for text in TEMPLATES:
        out["templates"].append({"text": text, **answer(lambda: templar.template(trust_as_template(text)))})
    for text in CONDITIONS:
        out["conditions"].append({"text": text, **answer(lambda: templar.evaluate_conditional(trust_as_template(text)))})
    json.dump(out, sys.stdout, indent=1)


main()
