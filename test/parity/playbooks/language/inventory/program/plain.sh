#!/bin/sh
# Without _meta: every host is asked about.
if [ "$1" = --host ]; then printf '{"asked": "%s", "n": 1}' "$2"; else printf '{"g": {"hosts": ["q1", "q2"]}, "ungrouped": {"hosts": ["q3"]}}'; fi
