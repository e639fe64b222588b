import { Type } from "@sinclair/typebox";
import { choice, flag, integer, list, maybeFlag, optional, path, text } from "./argument-types.ts";

/** What the module `apt` takes; `package` hands it on. */
export const aptArguments = Type.Object({
  name: list(
    Type.String(),
    "Packages: `name`, `name=version` (the version may hold `*`), `name>=version`, `name:architecture`.",
    {
      default: [],
    },
  ),
  state: choice(["present", "latest", "absent", "fixed", "build-dep"], "What the packages should be.", {
    default: "present",
  }),
  update_cache: flag("Fetch the package lists first, unless cache_valid_time says that they are fresh."),
  cache_valid_time: integer("Seconds for which fetched lists are good; given, it implies update_cache.", {
    default: 0,
  }),
  update_cache_retries: integer("Attempts at fetching the lists.", { default: 5 }),
  update_cache_retry_max_delay: integer("Longest pause between the attempts, in seconds.", { default: 12 }),
  default_release: optional(text("Release to prefer (`-t`).")),
  install_recommends: maybeFlag("Whether recommended packages come along; default: the host's setting."),
  force: flag("Downgrade, remove essential packages, take unauthenticated ones: all of it."),
  allow_unauthenticated: flag("Take packages whose signature cannot be checked."),
  allow_downgrade: flag("Allow an older version to replace a newer one."),
  allow_change_held_packages: flag("Allow held packages to change."),
  fail_on_autoremove: flag("Fail where apt would remove something to do what is asked."),
  only_upgrade: flag("Only upgrade what is installed."),
  purge: flag("With absent: configuration files too."),
  autoremove: flag("Remove dependencies that nothing needs any more; without names: only that."),
  autoclean: flag("Remove old package files from the cache."),
  clean: flag("Remove all package files from the cache."),
  upgrade: choice(["no", "yes", "safe", "full", "dist"], "Upgrade the whole system.", { default: "no" }),
  deb: optional(path("A package file on the host to install.")),
  dpkg_options: text("Options for dpkg, comma-separated.", { default: "force-confdef,force-confold" }),
  policy_rc_d: optional(
    integer("Exit status of policy-rc.d while packages are installed: 101 keeps services stopped."),
  ),
  lock_timeout: integer("Seconds to wait for apt's lock.", { default: 60 }),
  force_apt_get: flag("Accepted: apt-get is what is always used."),
  auto_install_module_deps: flag("Accepted: no Python is needed on the host.", true),
});

export type AptArguments = (typeof aptArguments)["static"];

/** All defaults, for modules that hand their work to apt. */
export const aptDefaults: AptArguments = {
  name: [],
  state: "present",
  update_cache: false,
  cache_valid_time: 0,
  update_cache_retries: 5,
  update_cache_retry_max_delay: 12,
  force: false,
  allow_unauthenticated: false,
  allow_downgrade: false,
  allow_change_held_packages: false,
  fail_on_autoremove: false,
  only_upgrade: false,
  purge: false,
  autoremove: false,
  autoclean: false,
  clean: false,
  upgrade: "no",
  dpkg_options: "force-confdef,force-confold",
  lock_timeout: 60,
  force_apt_get: false,
  auto_install_module_deps: true,
};
