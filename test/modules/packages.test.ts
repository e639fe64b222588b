import { laws } from "./laws.ts";

// On a host of their own: what a package may bring, and new sources, leave much of what follows unknown.
laws(
  "packages of Debian",
  [
    {
      name: "a package that is there",
      module: "apt",
      args: { name: ["dpkg", "tar"] },
      changed: false,
    },
    {
      name: "a package",
      module: "apt",
      given: "dpkg -P hello >/dev/null 2>&1; :",
      args: { name: "hello" },
      holds: "hello",
    },
    {
      name: "a package by its version",
      module: "apt",
      given: "dpkg -P libsigsegv2 >/dev/null 2>&1; :",
      args: { name: "libsigsegv2=2*" },
      holds: "dpkg -s libsigsegv2",
    },
    { name: "a package that is not wanted", module: "package", args: { name: "sl", state: "absent" }, changed: false },
    {
      name: "a package by whatever manager there is, with an option of its module",
      module: "package",
      given: "dpkg -P tree >/dev/null 2>&1; :",
      args: { name: "tree", install_recommends: false },
      holds: "tree --version",
    },
    {
      // A package of which dpkg was killed: all of apt's tasks here come after that.
      name: "a package after dpkg was killed",
      module: "apt",
      given: `dpkg -P sysvbanner law-half >/dev/null 2>&1
mkdir -p d/DEBIAN && printf 'Package: law-half\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n' > d/DEBIAN/control
printf '#!/bin/sh\\n[ ! -e /run/law-kill ] || kill -9 $PPID\\n' > d/DEBIAN/postinst && chmod 755 d/DEBIAN/postinst
dpkg-deb -b d half.deb >/dev/null && touch /run/law-kill
dpkg -i half.deb >/dev/null 2>&1; rm /run/law-kill half.deb
ls /var/lib/dpkg/updates | grep -q '^[0-9]'`,
      args: { name: "sysvbanner" },
      holds: "dpkg -s law-half | grep -qx 'Status: install ok installed'",
    },
    {
      name: "a package that is held",
      module: "dpkg_selections",
      given: "echo tar install | dpkg --set-selections",
      args: { name: "tar", selection: "hold" },
      holds: "dpkg --get-selections tar | grep -q hold",
    },
  ],
  {
    interrupted: 2,
    setup: "apt-get update -q >/dev/null",
    watch:
      // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
      "dpkg-query -W -f '${Package} ${db:Status-Status}\\n' hello libsigsegv2 tree sysvbanner law-half 2>/dev/null; :",
  },
);
