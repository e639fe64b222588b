import { laws } from "./laws.ts";

const withoutUser = (name: string) => `userdel -r ${name} >/dev/null 2>&1; groupdel ${name} >/dev/null 2>&1; :`;
const key = "#Ansible: ";

laws(
  "users, packages, jobs and settings",
  [
    { name: "a group", module: "group", given: "groupdel lawg1 2>/dev/null; :", args: { name: "lawg1", gid: 4201 } },
    {
      name: "a group's number",
      module: "group",
      given: "groupadd -f -g 4202 lawg2; groupmod -g 4202 lawg2",
      args: { name: "lawg2", gid: 4150 },
    },
    { name: "a group that is right", module: "group", args: { name: "root", gid: 0 }, changed: false },
    {
      name: "a group that goes",
      module: "group",
      given: "groupadd -f lawg3",
      args: { name: "lawg3", state: "absent" },
    },
    {
      name: "a user",
      module: "user",
      given: withoutUser("lawu1"),
      args: {
        name: "lawu1",
        uid: 4301,
        shell: "/bin/bash",
        comment: "Law One",
        groups: ["mail", "daemon"],
        password: "$6$salt$hash",
      },
      holds: "[ -d /home/lawu1 ] && id -Gn lawu1 | grep -qw mail && grep -q '^lawu1:$6$salt$hash:' /etc/shadow",
    },
    {
      name: "a user whose password is set once",
      module: "user",
      given: withoutUser("lawu6"),
      args: { name: "lawu6", uid: 4306, password: "$6$salt$hash", update_password: "on_create" },
      holds: "grep -q '^lawu6:$6$salt$hash:' /etc/shadow",
    },
    {
      name: "a user with a key pair",
      module: "user",
      given: withoutUser("lawu7"),
      args: { name: "lawu7", uid: 4307, generate_ssh_key: true, ssh_key_type: "ed25519" },
      holds: "su lawu7 -s /bin/sh -c 'ssh-keygen -y -f ~/.ssh/id_rsa' && [ -s /home/lawu7/.ssh/id_rsa.pub ]",
    },
    {
      name: "a user without the home folder",
      module: "user",
      given: `${withoutUser("lawu8")}; useradd -M -u 4308 lawu8`,
      args: { name: "lawu8" },
      holds: "[ -f /home/lawu8/.profile ]",
    },
    {
      name: "a user who changes",
      module: "user",
      given: `${withoutUser("lawu2")}; useradd -m -u 4302 -s /bin/sh -G mail lawu2`,
      args: {
        name: "lawu2",
        shell: "/bin/bash",
        groups: ["daemon"],
        append: true,
        expires: 1893456000,
        password_lock: true,
      },
      holds: "id -Gn lawu2 | grep -qw mail && id -Gn lawu2 | grep -qw daemon",
    },
    { name: "a user who is right", module: "user", args: { name: "root", shell: "/bin/bash", uid: 0 }, changed: false },
    {
      name: "a user who goes",
      module: "user",
      given: `${withoutUser("lawu3")}; useradd -m -u 4303 lawu3`,
      args: { name: "lawu3", state: "absent", remove: true },
      holds: "[ ! -e /home/lawu3 ]",
    },
    {
      name: "several users",
      module: "user",
      given: `${withoutUser("lawu4")}; ${withoutUser("lawu5")}`,
      args: { name: "{{ item.name }}", uid: "{{ item.uid }}" },
      loop: [
        { name: "lawu4", uid: 4304 },
        { name: "lawu5", uid: 4305 },
      ],
      holds: "id lawu4 && id lawu5",
    },
    {
      name: "a source of packages",
      module: "apt_repository",
      given: "rm -f /etc/apt/sources.list.d/law.list",
      args: { repo: "deb [trusted=yes] http://law.example/debian ./", filename: "law", update_cache: false },
      holds: "grep -q law.example /etc/apt/sources.list.d/law.list",
    },
    {
      name: "a source that goes",
      module: "apt_repository",
      given: "echo 'deb  http://gone.example/debian  stable main' > /etc/apt/sources.list.d/gone.list",
      args: { repo: "deb http://gone.example/debian stable main", state: "absent", update_cache: false },
      holds: "[ ! -e /etc/apt/sources.list.d/gone.list ]",
    },
    {
      name: "a source with fields",
      module: "deb822_repository",
      given: "rm -f /etc/apt/sources.list.d/law822.sources",
      args: {
        name: "law822",
        uris: "http://law.example/debian",
        suites: ["stable"],
        components: ["main"],
        enabled: false,
      },
    },
    {
      name: "a repository of dnf",
      module: "yum_repository",
      args: { name: "law", description: "Law", baseurl: "file:///srv/law", gpgcheck: false, reposdir: "HERE" },
      holds: "grep -q '^gpgcheck = 0' law.repo",
    },
    {
      name: "a job",
      module: "cron",
      given: "crontab -r -u daemon 2>/dev/null; :",
      args: { name: "law", minute: "5", job: "/bin/true", user: "daemon" },
      holds: `crontab -l -u daemon | grep -q '^${key}law'`,
    },
    {
      name: "a job that changes",
      module: "cron",
      given: `printf '${key}a\\n1 * * * * x\\n${key}b\\n2 * * * * y\\n' | crontab -u mail -`,
      args: { name: "b", special_time: "daily", job: "z", user: "mail" },
      holds: "crontab -l -u mail | grep -q '^@daily z'",
    },
    {
      name: "several jobs in one table",
      module: "cron",
      given: "crontab -r -u games 2>/dev/null; :",
      args: { name: "{{ item }}", hour: "1", job: "{{ item }}", user: "games" },
      loop: ["a", "b", "c"],
      holds: `[ $(crontab -l -u games | grep -c '^${key}') = 3 ]`,
    },
    {
      name: "a job in a file",
      module: "cron",
      given: "rm -f /etc/cron.d/law",
      args: { name: "law", cron_file: "law", user: "root", minute: "0", hour: "0", job: "/bin/true" },
    },
    {
      name: "a clone",
      module: "git",
      given:
        "git init -q -b main origin; cd origin; export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one",
      args: { repo: "HERE/origin", dest: "HERE/clone", bare: true },
      holds: "git -C clone rev-parse HEAD",
      unknown: true,
    },
    {
      name: "a setting of the kernel, in its file",
      module: "sysctl",
      given: "printf '# x\\nvm.swappiness = 60\\n' > law.conf",
      args: { name: "vm.swappiness", value: 10, sysctl_file: "HERE/law.conf", reload: false },
      holds: "grep -qx vm.swappiness=10 law.conf",
    },
    {
      name: "a line of fstab",
      module: "mount",
      given: "printf '# none\\n' > fstab",
      args: { path: "/mnt/law", src: "tmpfs", fstype: "tmpfs", state: "present", fstab: "HERE/fstab" },
      holds: "grep -qx 'tmpfs /mnt/law tmpfs defaults 0 0' fstab",
    },
    {
      name: "a service that an init script runs",
      module: "service",
      given: "/etc/init.d/cron stop >/dev/null 2>&1; :",
      args: { name: "cron", state: "started" },
      holds: "/etc/init.d/cron status",
    },
  ],
  {
    interrupted: true,
    watch:
      "getent passwd | grep '^law'; for u in $(getent passwd | grep -o '^law[^:]*'); do echo $u $(id -Gn $u | tr ' ' '\\n' | sort) $(getent shadow $u | cut -d: -f2,8 | sha256sum); done; cd /home && find lawu* -name '.play-*' -prune -o -printf '%p %m %u:%g\\n' | sort; getent group | grep '^law'; for u in daemon mail games; do crontab -l -u $u 2>/dev/null; done; cat /etc/apt/sources.list.d/* /etc/cron.d/law 2>/dev/null; :",
  },
);

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
  ],
  {
    interrupted: 6,
    setup: "apt-get update -q >/dev/null",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
    watch: "dpkg-query -W -f '${Package} ${db:Status-Status}\\n' hello libsigsegv2 sysvbanner law-half 2>/dev/null; :",
  },
);

const unit = (name: string) =>
  `systemctl unmask -q ${name} 2>/dev/null; printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/${name}.service; systemctl daemon-reload; systemctl disable -q --now ${name} 2>/dev/null;`;

laws(
  "units of systemd",
  [
    {
      name: "a unit that starts",
      module: "systemd",
      given: unit("law-a"),
      args: { name: "law-a", state: "started", enabled: true },
      holds: "systemctl is-active law-a && systemctl is-enabled law-a",
    },
    {
      name: "a unit that stops",
      module: "systemd",
      given: `${unit("law-b")} systemctl enable -q --now law-b`,
      args: { name: "law-b", state: "stopped", enabled: false },
      holds: "! systemctl is-active -q law-b",
    },
    {
      name: "a unit that runs",
      module: "service",
      given: `${unit("law-c")} systemctl enable -q --now law-c`,
      args: { name: "law-c", state: "started", enabled: true },
      changed: false,
    },
    {
      name: "a unit that is masked",
      module: "systemd",
      given: unit("law-d")
        .replaceAll("/etc/systemd/system/", "/usr/local/lib/systemd/system/")
        .replace("printf", "mkdir -p /usr/local/lib/systemd/system; printf"),
      args: { name: "law-d.service", masked: true },
      holds: '[ "$(systemctl is-enabled law-d)" = masked ]',
    },
    {
      name: "units that are read again",
      module: "systemd",
      given: `${unit("law-e")} systemctl start law-e; sleep 1; echo '# x' >> /etc/systemd/system/law-e.service`,
      args: { name: "law-e", daemon_reload: true },
      changed: false,
      holds: '[ "$(systemctl show -p NeedDaemonReload --value law-e)" = no ]',
    },
  ],
  {
    image: "bookworm",
    interrupted: true,
    watch: "for u in a b c d e; do systemctl is-active law-$u; systemctl is-enabled law-$u 2>/dev/null; done; :",
  },
);
