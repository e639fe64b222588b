import type { Script } from "../host/contract.ts";
import { joinScripts, sh } from "../host/script.ts";
import type { AptArguments } from "./apt-arguments.ts";
import { ModuleFailure, type Step } from "./contract.ts";

/** What apt-get's own words say went wrong. */
export function aptFailure(stderr: string, stdout: string): ModuleFailure {
  const missing = /Unable to locate package (\S+)/.exec(stderr)?.[1];
  const candidate = /Package '?([^' ]+)'? has no installation candidate/.exec(stderr)?.[1];
  const version = /Version '([^']+)' for '([^']+)' was not found/.exec(stderr);
  const message =
    missing !== undefined || candidate !== undefined
      ? `No package matching '${missing ?? candidate}' is available`
      : version
        ? `no available installation candidate for ${version[2]}=${version[1]}`
        : `apt-get failed: ${stderr.trim().split("\n").at(-1) ?? ""}`;
  return new ModuleFailure(message, { stderr, stdout });
}

/** Options of every command that installs. */
export function installOptions(given: AptArguments): string[] {
  return [
    ...(given.default_release === undefined ? [] : ["-t", given.default_release]),
    ...(given.install_recommends === undefined
      ? []
      : ["-o", `APT::Install-Recommends=${given.install_recommends ? "yes" : "no"}`]),
    ...(given.allow_unauthenticated || given.force ? ["--allow-unauthenticated"] : []),
    ...(given.allow_downgrade || given.force ? ["--allow-downgrades"] : []),
    ...(given.allow_change_held_packages || given.force ? ["--allow-change-held-packages"] : []),
    ...(given.force ? ["--allow-remove-essential"] : []),
    ...(given.only_upgrade ? ["--only-upgrade"] : []),
    ...(given.autoremove ? ["--auto-remove"] : []),
  ];
}

/**
 * apt-get that asks nothing and waits for its lock. After a dpkg that was killed (its journal is there) it refuses to
 * work, and dpkg is first let finish; not before apt-get has refused, since a dpkg that runs has a journal too.
 */
export function aptGet(given: AptArguments, command: readonly string[]): Script {
  const options = given.dpkg_options
    .split(",")
    .map((option) => option.trim())
    .filter((option) => option !== "");
  const dpkg = options.flatMap((option) => ["-o", `Dpkg::Options::=--${option}`]);
  return sh`export DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1
run() { apt-get -y ${dpkg} -o ${`DPkg::Lock::Timeout=${given.lock_timeout}`} ${command} </dev/null; }
killed() { set -- /var/lib/dpkg/updates/[0-9]*; [ -e "$1" ]; }
run || { killed && dpkg ${options.map((option) => `--${option}`)} --configure -a </dev/null && run; } || exit 1`;
}

/** While packages are installed, policy-rc.d answers that services be left alone; an own one comes back afterwards. */
export function withPolicy(given: AptArguments, script: Script): Script {
  if (given.policy_rc_d === undefined) return script;
  return sh`p=/usr/sbin/policy-rc.d
if [ -e "$p" ]; then mv "$p" "$p.play" || exit 1; fi
restore() { rm -f "$p"; if [ -e "$p.play" ]; then mv "$p.play" "$p"; fi; }
trap restore EXIT
printf '#!/bin/sh\nexit %s\n' ${given.policy_rc_d} > "$p" && chmod 755 "$p" || exit 1
${script}`;
}

/** Fetches the lists, several times if need be. */
export function updateStep(given: AptArguments): Step {
  return {
    name: "fetch the package lists",
    script: joinScripts([
      sh`export DEBIAN_FRONTEND=noninteractive`,
      sh`n=0; d=1
until out=$(apt-get update -o ${`DPkg::Lock::Timeout=${given.lock_timeout}`} -o APT::Update::Error-Mode=any 2>&1 </dev/null); do
  n=$((n+1))
  if [ "$n" -ge ${given.update_cache_retries} ]; then printf '%s\n' "Failed to update apt cache: $out" >&2; exit 1; fi
  sleep "$d"; d=$((d*2)); [ "$d" -le ${given.update_cache_retry_max_delay} ] || d=${given.update_cache_retry_max_delay}
done
touch /var/lib/apt/lists`,
    ]),
  };
}
