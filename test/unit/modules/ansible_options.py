#!/usr/bin/env python3
"""Writes ansible-options.json: the names of the options of ansible-core's own modules, with their aliases.

Facts for registry tests: PYTHONPATH=… ./ansible_options.py > ansible-options.json, with ansible-core 2.19 importable.
"""
import json
import pkgutil

import ansible.modules
import yaml
from ansible.plugins.loader import fragment_loader
from ansible.utils import plugin_docs

found = {}
for module in sorted(each.name for each in pkgutil.iter_modules(ansible.modules.__path__)):
    path = f"{ansible.modules.__path__[0]}/{module}.py"
    doc = plugin_docs.get_docstring(path, fragment_loader, verbose=False, collection_name="ansible.builtin")[0]
    if doc is None:
        continue
    found[module] = {
        name: sorted(option.get("aliases", [])) for name, option in sorted((doc.get("options") or {}).items())
    }
print(json.dumps(found, indent=1, sort_keys=True))
