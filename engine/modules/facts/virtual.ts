import type { Dict } from "../../source/value.ts";
import { filesOf, lines, type Sections } from "./sections.ts";

/** What the host runs on: `virtualization_type`, `_role`, and the lists of all technologies seen. */
export function virtualFacts(sections: Sections): Dict {
  const files = filesOf(sections, "files");
  const exists = new Set(lines(sections, "exists"));
  const guest = new Set<string>();
  const host = new Set<string>();
  const file = (path: string) => files.get(path) ?? "";

  const cgroup = file("/proc/1/cgroup");
  const container = file("/run/systemd/container").trim();
  if (exists.has("/.dockerenv") || /\/docker(\/|-)[0-9a-f]+/.test(cgroup)) guest.add("docker");
  if (exists.has("/run/.containerenv") || container === "podman") guest.add("podman");
  if (/\/lxc\//.test(cgroup) || container === "lxc") guest.add("lxc");
  if (container === "systemd-nspawn") guest.add("systemd-nspawn");
  if (container === "docker") guest.add("docker");
  if (guest.size > 0) guest.add("container");
  if (exists.has("/proc/vz")) (exists.has("/proc/bc") ? host : guest).add("openvz");
  if (exists.has("/proc/xen")) guest.add("xen");

  const product = file("/sys/class/dmi/id/product_name");
  const vendor = file("/sys/class/dmi/id/sys_vendor");
  const bios = file("/sys/class/dmi/id/bios_vendor");
  if (
    /^(KVM|KVM Server|Bochs|AHV)$/.test(product) ||
    /^(QEMU|Amazon EC2|DigitalOcean|Google|Scaleway|Hetzner)/.test(vendor)
  ) {
    guest.add("kvm");
  } else if (vendor === "Red Hat" || product === "RHEV Hypervisor" || product === "OpenStack Nova") guest.add("kvm");
  else if (/^VMware/.test(product) || /VMware/.test(vendor)) guest.add("VMware");
  else if (bios === "innotek GmbH" || product === "VirtualBox") guest.add("virtualbox");
  else if (bios === "Xen" || /Xen/.test(product)) guest.add("xen");
  else if (vendor === "Microsoft Corporation" && product === "Virtual Machine") guest.add("VirtualPC");
  else if (/^Parallels/.test(vendor)) guest.add("parallels");

  const modules = file("/proc/modules");
  if (exists.has("/dev/kvm") || /^kvm_(intel|amd) /m.test(modules)) host.add("kvm");
  if (/^vboxdrv /m.test(modules)) host.add("virtualbox");

  const technologies = [...guest].filter((name) => name !== "container");
  const first = technologies[0] ?? (guest.has("container") ? "container" : undefined);
  const hypervisor = /^flags\s*:.*\bhypervisor\b/m.test(file("/proc/cpuinfo"));
  const [type, role] =
    first !== undefined
      ? [first, "guest"]
      : host.size > 0
        ? [[...host][0] ?? "kvm", "host"]
        : hypervisor
          ? ["kvm", "guest"]
          : ["NA", "NA"];
  if (first === undefined && hypervisor && host.size === 0) guest.add("kvm");
  return {
    virtualization_type: type ?? "NA",
    virtualization_role: role ?? "NA",
    virtualization_tech_guest: [...guest].sort(),
    virtualization_tech_host: [...host].sort(),
  };
}
