#!/usr/bin/env python3
"""An inventory that is a program."""

import json
import sys

if "--host" in sys.argv:
    print(json.dumps({"asked": sys.argv[-1]}))
else:
    print(
        json.dumps(
            {
                "fast": {"hosts": ["p1", "p2"], "vars": {"speed": 9, "nested": {"a": [1, None, True]}}},
                "slow": ["p3"],
                "both": {"children": ["fast", "slow"], "vars": {"kind": "both", "speed": 1}},
                "_meta": {"hostvars": {"p1": {"own": "one"}, "p3": {"own": "{{ 1 + 1 }}", "speed": 5}}},
            }
        )
    )
