#!/usr/bin/env bash
# The first layer of `npm test`: installs what the other layers need and a bare Debian machine lacks. Elsewhere, or
# without root, it says what is missing.
set -euo pipefail

packages=(
  docker.io mmdebstrap createrepo-c           # the lab and its images
  openssh-server openssh-client sudo opendoas # how hosts are reached
  busybox-static fish tcsh zsh                # shells besides dash and bash
  iproute2 iptables procps openssl git tmux shellcheck
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "everything is there: ${packages[*]}"
  exit 0
fi

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "what the tests need is installed with apt by root on Debian; here, install yourself: ${missing[*]}" >&2
  exit 1
fi

echo "installing ${missing[*]}"
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
# The lab has a daemon of its own, the tests an sshd of their own: the packages' services must not start.
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy" "$log"' EXIT
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod +x "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } > "$log" 2>&1 || {
  tail -n 40 "$log"
  exit 1
}
