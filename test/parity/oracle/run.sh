#!/bin/sh
# run.sh ENGINE CASE FLAGS TWIN: one engine over a fresh copy of a case, always at the same place. Prints its output,
# its errors, the events and the exit code, with a line of its own between them.
set -u
engine=$1 case=$2 flags=$3
place=/parity/work/$case
events=$place.$engine.events
errors=$place.$engine.errors
rm -rf "$place"
mkdir -p "${place%/*}"
cp -r "/parity/playbooks/$case" "$place"
cd "$place" || exit 1
: >"$events"
# Sets of Python have no order: the same seed gives them the same one in every run.
export PYTHONHASHSEED=0 PARITY_EVENTS="$events" PARITY_TWIN="$4" HOME=/root LANG=C.UTF-8 COLUMNS=80
case " $flags " in *' -i '*) ;; *) flags="-i inventory.yml $flags" ;; esac
eval "set -- $flags site.yml"
case "$engine $flags" in play*' --list-'* | play*' --syntax-check'*) engine=plain ;; esac
case $engine in
ansible)
  ANSIBLE_CALLBACK_PLUGINS=/parity/oracle ANSIBLE_CALLBACKS_ENABLED=transcript ANSIBLE_PIPELINING=1 \
    ansible-playbook "$@" 2>"$errors" </dev/null
  ;;
play) node /parity/play/dist/main.js --output ndjson "$@" >"$events" 2>"$errors" </dev/null ;;
plain) node /parity/play/dist/main.js "$@" 2>"$errors" </dev/null ;;
esac
code=$?
printf '\n=====\n'
cat "$errors"
printf '\n=====\n'
cat "$events"
printf '\n=====\n%s\n' "$code"
