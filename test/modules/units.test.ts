import { laws } from "./laws.ts";

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
