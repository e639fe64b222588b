#!/bin/sh
echo "$0" | grep -c tool
echo "args: $*"
[ "$1" != fail ] || { echo bad >&2; exit 4; }
