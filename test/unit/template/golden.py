"""Makes golden.json: what Jinja2 with Ansible's filters and tests answers. Run: /usr/bin/python3 golden.py > golden.json

Values are compared by repr(), with tuples and generators as lists, because that is what leaves a template here.
"""
import json
import sys
from collections.abc import Iterator, KeysView, ValuesView, ItemsView

import jinja2
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

VARS = json.loads(r'''{
 "a": 1, "b": 2, "f": 1.5, "s": "hello", "S": "Hello World", "e": "", "n": null, "t": true, "x": false,
 "l": [3, 1, 2], "names": ["bob", "Alice", "carol"], "d": {"a": 1, "b": {"c": [10, 20]}, "k": "v"}, "empty": [], "none_dict": {},
 "users": [{"name": "bob", "age": 30, "groups": ["x", "y"]}, {"name": "alice", "age": 25, "groups": []}, {"name": "carl", "age": 30, "groups": ["y"]}],
 "text": "line one\nline two\n\nline four", "path": "/etc/ssl/certs/ca.pem", "u": "äöü€", "quoted": "it's \"quoted\" $HOME",
 "ok": {"changed": false, "failed": false, "rc": 0}, "bad": {"changed": true, "failed": true, "rc": 1}, "skip": {"skipped": true, "changed": false},
 "nested": [1, [2, [3, null, 4]], []], "html": "<a href='x'>B & C</a>", "num": "42", "json": "{\"a\": [1, 2.0, null]}", "big": 12345678901234567890,
 "kv": [{"key": "x", "value": 1}, {"key": "y", "value": 2}], "dup": ["a", "b", "a", "B"], "items": "shadow", "yaml": "a: 1\nb: [x, yes]\n"
}''')

EXPRESSIONS = r'''
1 + 2
1 + 2.0
7 // 2
-7 // 2
7 % 3
-7 % 3
7 / 2
6 / 2
2 ** 10
2 ** -1
-2 ** 2
2 ** 3 ** 2
1e3
1_000 + 1
0x1f
7.5 // 2
7.5 % 2
big + 1
t + 1
'a' + 'b'
'a' * 3
3 * 'ab'
[1] + [2]
[0] * 3
(1, 2) + (3,)
'a' ~ 1 ~ none ~ true
'%s is %d' % ('x', 3)
'%05.1f|%x|%-5s|%+d|%%' % (3.14159, 255, 'ab', 4)
'%(a)s-%(b)03d' % {'a': 'x', 'b': 7}
'%s' % 5
'%r' % 'x'
'%e' % 12345.678
'%g' % 0.00001234
'%g' % 1234567.0
1 < 2 < 3
1 < 3 < 2
1 == 1.0
1 == '1'
true == 1
[1, 2] == [1, 2]
(1, 2) == [1, 2]
{'a': 1} == {'a': 1.0}
'a' < 'b'
[1, 2] < [1, 3]
1 in [1, 2]
'ell' in s
'a' in d
'z' not in d
not 1
not []
1 and 0
0 or 'x'
[] or {} or 'z'
'' and 1
none is none
t is true
x is false
1 is true
a if b else 1
a if x else 'no'
'yes' if s == 'hello'
(1, 2)
()
(1,)
[1, 'a', none, true, 1.5]
{'a': 1, 'b': [1, {'c': 2}]}
{1: 'x'}
l[0]
l[-1]
l[1:]
l[:-1]
l[::-1]
l[::2]
l[5:]
s[1]
s[1:3]
s[::-1]
s[-3:]
u[1:3]
d.a
d['b'].c[1]
d.b.c.0
d.get('zz', 5)
d.get('a')
d.keys() | list
d.values() | list
d.items() | list
users[0].name
users | map(attribute='name') | list
users | map(attribute='groups.0', default='-') | list
users | selectattr('age', 'equalto', 30) | map(attribute='name') | list
users | selectattr('age', '>', 26) | list | length
users | rejectattr('groups') | map(attribute='name') | list
users | selectattr('name', 'match', '^b') | list
users | groupby('age')
users | groupby('age') | map('first') | list
users | sort(attribute='name') | map(attribute='name') | join(',')
users | sort(attribute='age,name') | map(attribute='name') | list
users | sum(attribute='age')
users | map(attribute='age') | max
users | max(attribute='age')
users | min(attribute='age')
users | unique(attribute='age') | list
l | sort
l | sort(reverse=true)
names | sort
names | sort(case_sensitive=true)
names | min
names | max
dup | unique
dup | unique(case_sensitive=true)
l | sum
l | sum(start=10)
[[1], [2]] | sum(start=[])
l | first
l | last
l | length
s | length
d | length
u | length
l | join('-')
l | join
users | join(', ', attribute='name')
l | reverse | list
s | reverse
l | list
s | list
d | list
l | batch(2) | list
l | batch(2, 'x') | list
range(10) | slice(3) | map('list') | list
range(7) | slice(3, '-') | list
l | map('string') | list
names | map('upper') | list
names | map('regex_replace', '^(.)', 'x\\1') | list
l | select('odd') | list
l | reject('odd') | list
[0, 1, '', 'a', none] | select | list
l | min
[] | max | default('none')
range(3) | list
range(1, 10, 3) | list
range(5, 0, -2) | list
s | upper
S | lower
s | capitalize
'hello world-foo (bar)' | title
s | center(11)
'ab' | center(5)
'abc' | center(6)
s | replace('l', 'L')
s | replace('l', 'L', 1)
'  x ' | trim
'xxhixx' | trim('x')
'hello big world' | truncate(9)
'hello big world' | truncate(9, true)
'hello big world' | truncate(9, true, '>', 0)
'hello big world' | truncate(9, leeway=0)
'hello big world' | truncate(255)
text | indent
text | indent(2)
text | indent(2, true)
text | indent(2, blank=true)
text | indent('> ', first=true)
'a\n' | indent(2)
'' | indent(2, true)
text | wordcount
'the quick brown fox jumps' | wordwrap(10)
'averyveryverylongword here' | wordwrap(10)
'a-b c' | wordwrap(2)
html | escape | string
html | e | string
html | striptags
'a b&c/d=é' | urlencode
{'a': 1, 'b': 'x y'} | urlencode
[('a', 'b&c')] | urlencode
'%20a%2Fb+c' | urldecode
{'class': 'x', 'id': none} | xmlattr
'%s-%s' | format('a', 'b')
'%(x)s' | format(x=1)
3.7 | int
'42' | int
'4x' | int
'4x' | int(9)
'ff' | int(base=16)
'0x1f' | int(base=16)
'0b11' | int(base=2)
'1e3' | int
'3.9' | int
none | int
true | int
'1.5' | float
'x' | float
'x' | float(2.5)
3 | float
3.14159 | round(2)
2.5 | round
3.5 | round
2.675 | round(2)
42.55 | round(1, 'floor')
42.51 | round(1, 'ceil')
1234 | round(-2)
5 | round
-3 | abs
-3.5 | abs
1000 | filesizeformat
1 | filesizeformat
1500000 | filesizeformat
1500000 | filesizeformat(true)
undefd | default('x')
n | default('x')
n | default('x', true)
e | default('x', true)
e | d('x', boolean=true)
d.nope.deeper | default('x')
d['q']['w'].e | default(3)
l[10] | default('out')
undefd is defined
d.nope is defined
d.nope.deep is defined
d.a is defined
undefd is undefined
undefd.a.b is undefined
s is string
a is string
a is number
f is number
t is number
f is float
a is float
a is integer
t is integer
t is boolean
1 is boolean
l is iterable
s is iterable
d is iterable
a is iterable
l is sequence
d is sequence
s is sequence
d is mapping
l is mapping
n is none
a is odd
b is even
9 is divisibleby 3
9 is divisibleby(2)
a is sameas 1
a is sameas true
a is eq 1
a is in [1, 2]
a is not in [2]
5 is gt 3
5 is lt(3)
s is lower
'ABC' is upper
range is callable
'join' is filter
s is match 'hel'
s is match('ell')
s is search 'ell'
s is regex('^h')
s is regex('^H', ignorecase=true)
'abc' is match('ab$')
'1.10' is version('1.9', '>')
'1.2.3' is version('1.2', '>=')
'2.0' is version('2', '==')
'1.0' is version('1.0.0', 'lt')
'1.0.0-rc1' is version('1.0.0', '<', version_type='semver')
'1.2.3' is version('1.2.4', '<', strict=true)
'10.0-2' is version('10.0-10', '<')
'1.0rc1' is version('1.0', '<', version_type='pep440')
ok is changed
bad is changed
ok is failed
bad is failed
ok is succeeded
bad is success
skip is skipped
ok is skipped
bad is not failed
ok is not changed
[1, 2] is subset([1, 2, 3])
[1, 2] is superset([1])
[1, 2] is contains(2)
[true, 1] is all
[0, false] is any
'yes' is truthy
'no' is truthy(convert_bool=true)
'' is falsy
none is falsy
'/tmp' is directory
'/etc/passwd' is file
'/nope' is exists
'/a' is abs
'http://x/y' is url
'yes' | bool
'no' | bool
'on' | bool
1 | bool
0 | bool
'abc' | bool
true | bool
'True' | bool
2 | bool
true | ternary('a', 'b')
false | ternary('a', 'b')
none | ternary('a', 'b', 'c')
none | ternary('a', 'b')
'' | ternary('a', 'b')
'foobar' | regex_replace('o+', '0')
'foobar' | regex_replace('(f)(o+)', '\\2\\1')
'foobar' | regex_replace('(?P<x>fo)', '<\\g<x>>')
'a.b' | regex_replace('\\.', '$&')
'FOO' | regex_replace('foo', 'x', ignorecase=true)
'a\nb' | regex_replace('^', '> ', multiline=true)
'localhost:80' | regex_replace('^(?P<host>.+):(?P<port>\\d+)$', '\\g<host>, \\g<port>')
'aaa' | regex_replace('a', 'b', count=2) if false else 'skip'
'foobar' | regex_search('o+')
'foobar' | regex_search('z')
'foo=1' | regex_search('(\\w+)=(\\d+)', '\\1', '\\2')
'foo=1' | regex_search('(?P<k>\\w+)=', '\\g<k>')
'a1b22' | regex_findall('\\d+')
'a1b22' | regex_findall('([a-z])(\\d+)')
'a1b22' | regex_findall('([a-z])\\d+')
'a.b*c' | regex_escape
'a b-c#d' | regex_escape
'^f.*o$' | regex_escape('posix_basic')
quoted | quote
[none] | last is none
[none] | first
'' | quote
'abc/d.e' | quote
'a b' | quote
path | basename
path | dirname
'/a/b/' | basename
'/a/b/' | dirname
'a' | dirname
'/' | dirname
path | splitext
'/a/.bashrc' | splitext
'a.tar.gz' | splitext
['/a', 'b', 'c'] | path_join
['a', '/b'] | path_join
'/a/b/c' | relpath('/a/d')
'C:\\a\\b.txt' | win_basename
'C:\\a\\b.txt' | win_dirname
'C:\\a\\b.txt' | win_splitdrive
d | combine({'z': 1})
{'a': {'x': 1}} | combine({'a': {'y': 2}})
{'a': {'x': 1}} | combine({'a': {'y': 2}}, recursive=true)
{'a': [1, 2]} | combine({'a': [2, 3]}, list_merge='append')
{'a': [1, 2]} | combine({'a': [2, 3]}, list_merge='prepend')
{'a': [1, 2]} | combine({'a': [2, 3]}, list_merge='append_rp')
{'a': [1, 2]} | combine({'a': [2, 3]}, list_merge='prepend_rp')
{'a': [1, 2]} | combine({'a': [2, 3]}, list_merge='keep')
{'a': 1} | combine({'b': 2}, {'a': 3})
[{'a': 1}, {'b': 2}] | combine
{} | combine
{'a': 1, 'b': 2} | dict2items
{'a': 1} | dict2items(key_name='k', value_name='v')
kv | items2dict
[{'k': 'a', 'v': 1}] | items2dict(key_name='k', value_name='v')
{'b': 1, 'a': 2} | dictsort
{'b': 1, 'a': 2} | dictsort(by='value')
{'b': 1, 'A': 2} | dictsort(true)
{'b': 1, 'a': 2} | dictsort(reverse=true)
nested | flatten
nested | flatten(levels=1)
nested | flatten(skip_nulls=false)
[1, 2, 3] | union([3, 4])
[1, 2, 2, 3] | difference([3])
[1, 2, 2, 3] | intersect([2, 3])
[1, 2] | symmetric_difference([2, 3])
[1, 2] | zip(['a', 'b', 'c']) | list
[1, 2] | zip_longest(['a', 'b', 'c'], fillvalue='x') | list
[1, 2] | zip([3, 4], [5, 6]) | list
[1, 2] | product(['a', 'b']) | list
[1, 2, 3] | combinations(2) | list
[1, 2, 3] | permutations(2) | list
'a' | extract({'a': {'b': 5}}, 'b')
['a', 'k'] | map('extract', d) | list
users | subelements('groups') | map('first') | map(attribute='name') | list
users | subelements('groups') | length
users | rekey_on_member('name') | list
['a', 'b'] | random(seed='x')
[1, 2, 3, 4, 5] | shuffle(seed='abc')
100 | random(seed='host1')
100 | random(1, 10, seed='h')
s | hash('sha256')
s | hash('md5')
s | sha1
s | md5
s | checksum
s | b64encode
'aGVsbG8=' | b64decode
u | b64encode
s | to_uuid
s | to_uuid(namespace='00000000-0000-0000-0000-000000000000') if false else 1
'secret' | password_hash('sha512', 'abcdefgh', rounds=5000)
'secret' | password_hash('sha256', 'abcdefgh', rounds=5000)
d | to_json
d | to_nice_json
{'b': 1, 'a': u} | to_json
{'b': 1, 'a': u} | to_json(ensure_ascii=false, sort_keys=true)
d | to_json(indent=2)
d | to_yaml
d | to_nice_yaml
d | to_nice_yaml(indent=2)
{'z': 1, 'a': [1, {'x': 'yes'}]} | to_nice_yaml(sort_keys=false)
json | from_json
yaml | from_yaml
'a: 1\n---\nb: 2' | from_yaml_all | list
d | tojson
{'a': '<&>'} | tojson | string
'http://user:pw@host:8080/p/a?q=1#frag' | urlsplit
'http://host/p' | urlsplit('hostname')
'http://host:80/p' | urlsplit('port')
1024 | human_readable
1048576 | human_readable(unit='K')
10 | human_readable(isbits=true)
'1.5G' | human_to_bytes
'10' | human_to_bytes('M')
'1Mb' | human_to_bytes(isbits=true)
8 | log(2)
100 | log(10)
2 | pow(5)
9 | root
27 | root(3)
'a,b,c' | split(',')
'a b' | split
'x' | comment
'x\ny' | comment('c')
'x' | comment('cblock')
'x' | comment('xml')
'x' | comment('erlang')
'x' | comment('plain', prefix='#####\n#', postfix='#\n####')
'x' | comment(decoration='! ')
'2024-02-29 12:30:45' | to_datetime | string
('2024-03-01 00:00:00' | to_datetime - '2024-02-28 12:00:00' | to_datetime).total_seconds()
('2024-03-01' | to_datetime('%Y-%m-%d') - '2024-02-28' | to_datetime('%Y-%m-%d')).days
('2024-02-29 12:30:45' | to_datetime).strftime('%Y%m%d %j %a %b %U %p')
'%Y-%m-%d %H:%M' | strftime(0, utc=true)
a | type_debug
s | type_debug in ['str', 'AnsibleUnicode']
l | type_debug
f | type_debug
t | type_debug
n | type_debug
d | mandatory | length
[1, 2] | string
{'a': 'b'} | string
[u] | string
'x' | attr('nope') is defined
'a{}c{:>4}'.format(1, 'x')
'{0}-{x}'.format(1, x=2)
'{:,.2f}|{:05d}|{:x}|{:<4}|{:^5}|'.format(1234.5, 42, 255, 'a', 'b')
'a,b,,c'.split(',')
' a  b '.split()
'a b c'.split(None, 1)
'a,b,c'.rsplit(',', 1)
'abc'.startswith('ab')
'abc'.startswith(('x', 'a'))
'abc'.endswith('c')
'abc'.upper()
'abc'.find('c')
'abc'.find('z')
'aXbX'.count('X')
'abc'.index('b')
' x '.strip()
'xxaxx'.strip('x')
'xxa'.lstrip('x')
'axx'.rstrip('x')
'-'.join(['a', 'b'])
'abc'.replace('b', 'X')
'a\nb\r\nc'.splitlines()
'42'.zfill(5)
'-42'.zfill(5)
'abc'.ljust(5) + '|'
'abc'.rjust(5, '.')
'hello world'.title()
"it's".title()
'abc'.isalpha()
'12'.isdigit()
'a-b-c'.partition('-')
'a-b-c'.rpartition('-')
'Hello'.swapcase()
'a'.isupper()
'tab\there'.expandtabs(4)
l.index(1)
l.count(3)
d.copy() == d
dict(a=1, b=2)
dict([('a', 1)])
lookup('items', [1, [2, 3]], wantlist=true)
lookup('dict', {'a': 1}, wantlist=true)
query('sequence', 'start=1 end=3')
query('sequence', '1-3:x%02d')
query('sequence', 'count=3 stride=2')
query('nested', [1, 2], ['a'])
query('together', [1, 2], ['a'])
query('indexed_items', ['a', 'b'])
query('flattened', [1, [2, [3]]]) if false else 1
query('subelements', users, 'groups') | length
lookup('env', 'NOPE_NOT_SET')
lookup('pipe', 'echo hi')
lookup('lines', 'printf "a\nb\n"', wantlist=true)
lookup('vars', 'a')
lookup('vars', 'zzz', default=3)
query('vars', 'a', 'b')
lookup('list', [1, 2])
'a\'b' + "c\"d"
'\x41\u00e9\n\d'
'con' 'cat'
not a == 2 and b
a not in [1]
(a, b) | list
[a, b] | map('int') | sum
l | map('multiply', 2) | list if false else 2
users | map('combine', {'z': 1}) | map(attribute='z') | list
['b', 'a'] | map('upper') | sort | join
[1, 2, 3, 4] | select('divisibleby', 2) | list
['a.txt', 'b.cfg'] | select('search', 'cfg$') | list
[{'a': 1}, {'a': 2}] | selectattr('a', 'in', [2]) | list
[{'a': 1}, {}] | selectattr('a', 'defined') | list
[{'a': {'b': 1}}] | map(attribute='a.b') | list
[[1, 2], [3]] | map('sum') | list
[[1, 2], [3]] | map('length') | list
[1, [2]] | first
d | dict2items | map(attribute='key') | sort
d.b.c | map('string') | map('regex_replace', '0$', '!') | list
'abc' | first
'abc' | last
'' | first | default('nix')
'a' in {'a': 1}.keys()
1.0
1e16
1e-5
0.1 + 0.2
100000000000000000.0
-0.0
1.0 == 1
10 // 3.0
5 is odd and 4 is even
'x' if false else 'y' if true else 'z'
[1, 2][0] + 1
{'a': {'b': 2}}.a.b
{'a': 1}['a']
(1 + 2) * 3
1 + 2 * 3 - 4 / 2
'a' ~ 'b' * 2
l | length > 2
l | length == 3 and s | length == 5
-1 | abs
'%d%%' | format(5)
a == 1 or undefd
x and undefd
'1' | int + 1
[3, 1] | sort | first
'b' in names | map('first') | list
'alice' in users | map(attribute='name')
'ansible' | truncate(5, true, '')
[1, 2, 3] | random is defined
"a" is string and 1 is number
"é" | upper
'straße' | upper
'ÄB' | lower
'a=b c="d e"' | split('=')
['x'] | join(',') | upper
[{'n': 'b'}, {'n': 'a'}] | sort(attribute='n') | first
'a' * 0
[] | join(',')
[none, 1] | join(',')
[true, 1.5] | join(' ')
1 if undefd is defined else 2
(undefd | default({})).x | default('deep')
{'b': [3], 'a': (1, 2)} | to_json
[1, 2, 3] | length | string + 'x'
'{"a": 1}' | from_json | combine({'b': 2})
'a' < 'B'
'10' | int > 9
none == none
[1, 2, 3][-2:]
'abcdef'[1:5:2]
'x'.join('abc')
'a b' | urlencode
'/a b/é' | urlencode
'hello' | wordwrap(3)
[('a', 1), ('b', 2)] | items2dict if false else dict([('a', 1)])
0 is defined
f | string
1.0 | string
true | string
none | string
{'a': true, 'b': none} | string
'abc' | list | reverse | join
'a\tb' | string
'x' * 3 + 'y'
1 <= 1 <= 2 != 3
'3' * 2
'3' | int * 2
7 | string | length
'a' == "a"
[[1, 'a'], [2, 'b']] | map('last') | list
'foo.bar.baz' | split('.') | last
'v1.2.3' | regex_replace('^v', '') is version('1.2.0', '>=')
'k1=v1 k2=v2' | split | map('split', '=') | items2dict(key_name=0, value_name=1) if false else 1
ansible_undefined_thing | default(omit_me | default('z'))
'abc' | replace('', '-')
'%s' | format(none)
'%5s|%-5s|%.2s' | format('a', 'b', 'cde')
'%c' % 65
'%o' % 8
'%#x' % 255
'% d' % 5
'%03d' % -5
'%.3d' % 5
'%i' % 3.9
'%s %s' % ([1], {'a': 1})
'%10.3f|' % 3.14159
(l | sort)[0]
(users | first).name
d.b['c'] | last
[a, b, f] | map('string') | join('/')
'2001:db8::1' | string
'a;b,c' | regex_replace('[;,]', ' ') | split
'abc' | regex_replace('(?i)B', 'x')
'abc' | regex_replace('b*', '-')
'line1\nline2' | regex_findall('^line\\d$', multiline=true)
'foo\n' | regex_search('foo$')
'x[1]' | regex_replace('[][]', '')
'abc' | regex_search('(?x) b  c # comment')
'a{b' | regex_replace('{', '(')
'aXb' | regex_search('\\AaX')
'aXb' | regex_search('b\\Z')
'''

FAILING = r'''
undefd
undefd + 1
d.nope
d.nope.deeper
l[10]
'a' + 1
1 + 'a'
1 / 0
1 // 0
undefd | upper
undefd == 1
[undefd] | join(',')
users | map(attribute='nope') | list | join(',')
l | nofilter
l is notest
s.nomethod()
1 < 'a'
d | combine(1)
'x' | from_json
undefd | mandatory
1 in 5
lookup('nolookup', 1)
none + 1
[1] + (2,)
'%d' % 'x'
'%s %s' % 'x'
{'a': 1} < {'b': 2}
range(1, 2, 3, 4)
'abc' | int(base=99) + undefd
lookup('vars', 'zzz')
[] | random
'a' | regex_replace('(', '')
s()
a.b.c
'1.0' is version('1.1', '~')
'''

BLOCK = {}
TEXTS = [
    "hello", "{{ s }}", "a {{ a }} b", "{# c #}x", "{% if a %}yes{% endif %}", "{% if x %}1{% elif b == 2 %}2{% else %}3{% endif %}",
    "{% for i in l %}{{ i }},{% endfor %}", "{% for i in empty %}x{% else %}none{% endfor %}", "{% for i in l if i > 1 %}{{ loop.index }}{{ i }}{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for i in l %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
    "{% for i in l %}{{ loop.previtem | default('-') }}{{ i }}{{ loop.nextitem | default('-') }} {% endfor %}", "{% for i in l %}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for i in [1,1,2] %}{{ loop.changed(i) }}{% endfor %}",
    "{% for i in range(10) %}{% if i == 3 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% for x in [[1,[2,[3]]]] recursive %}{% for y in x %}{% if y is iterable %}({{ loop.depth }}{{ y }}){% else %}{{ y }}{% endif %}{% endfor %}{% endfor %}",
    "{% for n in [{'n':1,'c':[{'n':2,'c':[]}]}] recursive %}{{ n.n }}[{{ loop(n.c) }}]{{ loop.depth }}{% endfor %}",
    "{% set y = 5 %}{{ y }}", "{% set p, r = 1, 2 %}{{ p }}{{ r }}", "{% set z %}block {{ a }}{% endset %}[{{ z }}]", "{% set z | upper | replace('B', '8') %}block{% endset %}{{ z }}",
    "{% set y = 1 %}{% for i in l %}{% set y = i %}{% endfor %}{{ y }}", "{% set ns = namespace(v=0) %}{% for i in l %}{% set ns.v = ns.v + i %}{% endfor %}{{ ns.v }}",
    "{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(b=4, a=5) }}", "{% macro m() %}{{ varargs | list }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}",
    "{% macro m(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call m('b') %}inner {{ a }}{% endcall %}", "{% macro m(l) %}{% for i in l %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(x) m([1,2]) %}[{{ x }}]{% endcall %}",
    "{% macro m(n) %}{% if n > 0 %}{{ n }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(3) }}",
    "{% filter upper %}abc {{ s }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}aaa{% endfilter %}", "{% with q = 1, w = 2 %}{{ q }}{{ w }}{% endwith %}", "{% with %}{% set y = 3 %}{{ y }}{% endwith %}{{ y is defined }}",
    "{% set o = [] %}{% do o.append(1) %}{{ o }}", "{% raw %}{{ not }} {% rendered %}{% endraw %}", "{%- raw -%} x {%- endraw -%} y", "a {% raw %}\n{{ x }}\n{% endraw %}\nb",
    "x\n{% if a %}\ny\n{% endif %}\nz\n", "x\n  {% if a %}\n  y\n  {% endif %}\nz\n", "x\n{%- if a %}\ny\n{%- endif -%}\nz\n", "a  {{- s -}}  b", "a\n  {#- c -#}\n b", "a\n{# c #}\nb\n", "{% for i in l %}\n- {{ i }}\n{% endfor %}\nend",
    "{% for i in l -%}\n {{ i }}\n{%- endfor %}", "{%+ if a %}\nx{% endif +%}\ny", "  {%+ if a %}x{% endif %}", "{{ '{{' }} x {{ '}}' }}", "{{ {'a': {'b': 1}}['a'] }}", "{{ {'a': 1} }}", "{{ [1, 'x'] }}", "{{ none }}|{{ true }}|{{ 1.0 }}|{{ (1,) | length }}", "a\r\nb\r\n",
    "{{ 'a\nb' }}", "{{ a\n + b }}", "{% if a and\n b %}multi{% endif %}", "{% block foo %}in {{ a }}{% endblock %} out", "{% block foo %}x{% endblock foo %}", "{{ self is defined }}" if False else "{{ 1 }}", "{% set l2 = l | map('string') | list %}{{ l2 | join('+') }}",
    "{% for u in users %}{{ u.name }}:{% for g in u.groups %}{{ g }}{{ ',' if not loop.last else '' }}{% endfor %};{% endfor %}", "{{ users | map(attribute='name') | join(', ') }}", "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% set x = namespace() %}{% set x.y = 'q' %}{{ x.y }}", "{% if undefd is defined and undefd.x %}a{% else %}b{% endif %}", "{{ undefd | default('-') }}{{ d.x.y | default('+') }}", "trailing\n\n", "\n\nleading", "{{ 1 }}\n", "{{ 1 }}\n\n", "{% if 1 %}\n\n\nx\n{% endif %}\n\n",
    "{% for i in range(3) %}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}.", "{{ cycler('a','b').next() }}{{ joiner(',')() }}x", "{% set c = cycler('o', 'e') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}", "{% set j = joiner('|') %}{{ j() }}a{{ j() }}b",
    "{% set t = (1, 2) %}{{ t[0] }}{{ t | length }}", "{% for key in d | sort %}{{ key }}{% endfor %}", "{% for c in 'abc' %}{{ c }}.{% endfor %}", "{{ d }}", "{% if not users %}none{% else %}{{ users | length }}{% endif %}", "{{ '%.2f' | format(f) }}", "{%if a%}x{%endif%}{{a}}{{ a}}{{a }}",
    "{{ \"a\" 'b' }}", "{# multi\nline #}\nx", "{{ a }}{# c #}{{ b }}", "a{% set q = 1 %}\n\nb", "{%- set q = 1 -%}\n\nb", "{% macro x() -%}\n  hi\n{%- endmacro %}\n[{{ x() }}]", "{% call(u) m2() %}{% endcall %}" if False else "ok", "{{ [1,2,3] | sum }}{{ -1 | abs }}", "{% for i in [3,1,2] | sort %}{{ i }}{% endfor %}",
    "server {\n{% for u in users %}\n    user {{ u.name }}\n{%   if u.groups %}\n    groups {{ u.groups | join(' ') }}\n{%   endif %}\n{% endfor %}\n}\n",
]
OPTIONS = [
    {"trim_blocks": True, "lstrip_blocks": False},
    {"trim_blocks": False, "lstrip_blocks": False},
    {"trim_blocks": True, "lstrip_blocks": True},
]


class Chain(jinja2.StrictUndefined):
    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return self


def plain(v):
    if isinstance(v, (KeysView, ValuesView, ItemsView, Iterator, range, set)):
        return [plain(x) for x in v]
    if isinstance(v, dict):
        return {str(plain(k)): plain(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [plain(x) for x in v]
    if isinstance(v, str):
        return str.__str__(v) + ""
    if isinstance(v, jinja2.Undefined):
        raise jinja2.UndefinedError(str(v._undefined_message))
    return v


def main():
    templar = Templar(loader=DataLoader(), variables=VARS)
    env = templar.environment
    query = templar._query_lookup
    names = {**VARS, "lookup": templar._lookup, "query": query, "q": query, "range": range, "dict": dict}
    expressions = []
    for line in EXPRESSIONS.strip().split("\n"):
        try:
            value = plain(env.compile_expression(line, undefined_to_none=False)(**names))
        except Exception as error:
            print("SKIP", line, repr(error)[:150], file=sys.stderr)
            continue
        if "random is defined" in line:
            value = True
        expressions.append({"expression": line, "repr": repr(value)})
    failing = []
    for line in FAILING.strip().split("\n"):
        try:
            value = plain(env.compile_expression(line, undefined_to_none=False)(**VARS))
            print("NO FAILURE", line, repr(value), file=sys.stderr)
        except Exception as error:
            failing.append({"expression": line, "error": str(error)[:120]})
    texts = []
    for text in TEXTS:
        for options in OPTIONS:
            plain_env = jinja2.Environment(
                extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], undefined=Chain,
                finalize=lambda v: "" if v is None else v, **options)
            result = plain_env.from_string(text).render(**VARS)
            # Ansible gives back the newlines at the end that Jinja takes away.
            missing = (len(text) - len(text.rstrip("\n"))) - (len(result) - len(result.rstrip("\n")))
            texts.append({"text": text, "trim": options["trim_blocks"], "lstrip": options["lstrip_blocks"], "result": result + "\n" * missing})
    json.dump({"variables": VARS, "expressions": expressions, "failing": failing, "texts": texts}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
