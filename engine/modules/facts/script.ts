import type { Script } from "../../host/contract.ts";
import { sh } from "../../host/script.ts";

/** Which parts of the facts are looked up; the platform's part always is. */
export interface FactSections {
  readonly hardware: boolean;
  readonly network: boolean;
  readonly virtual: boolean;
  /** Folder of `*.fact` files; undefined: none are read. */
  readonly factPath: string | undefined;
}

/** Begins a section of the script's output. */
export const sectionMark = "#=facts=#";

/**
 * One script for all facts. What counts is the number of processes it starts, some milliseconds each: all small
 * files are read by a single `grep -H`, and what the shell can look up itself it does.
 */
export function factsScript(sections: FactSections): Script {
  const none = sh``;
  return sh`exec 2>/dev/null
mark() { echo; echo ${sectionMark} "$1"; }
${platform}
${sections.network ? network : none}
${sections.hardware ? hardware : none}
${sections.factPath === undefined ? none : localFacts(sections.factPath)}
mark files
grep -Hs '' ${platformFiles} ${sections.network ? networkFiles : none} ${sections.hardware ? hardwareFiles : none} ${
    sections.virtual || sections.hardware ? virtualFiles : none
  } ${sections.virtual && !sections.hardware ? sh`/proc/cpuinfo` : none}
exit 0`;
}

const platformFiles = sh`/etc/os-release /etc/debian_version /etc/redhat-release /etc/alpine-release /etc/lsb-release /etc/hosts /etc/machine-id /var/lib/dbus/machine-id /etc/resolv.conf /proc/1/comm /proc/cmdline /proc/uptime /proc/loadavg /proc/self/status /proc/sys/kernel/ostype /proc/sys/kernel/hostname /proc/sys/kernel/osrelease /proc/sys/kernel/version /proc/sys/kernel/domainname /proc/sys/crypto/fips_enabled /sys/fs/selinux/enforce /sys/fs/selinux/policyvers /etc/selinux/config /etc/iscsi/initiatorname.iscsi /etc/ssh/ssh_host_rsa_key.pub /etc/ssh/ssh_host_ecdsa_key.pub /etc/ssh/ssh_host_ed25519_key.pub`;

const networkFiles = sh`/sys/class/net/*/address /sys/class/net/*/mtu /sys/class/net/*/operstate /sys/class/net/*/flags /sys/class/net/*/type /sys/class/net/*/speed /sys/class/net/*/bridge/bridge_id /sys/class/net/*/bridge/stp_state /sys/class/net/*/bonding/mode /sys/class/net/*/bonding/slaves`;

const hardwareFiles = sh`/proc/meminfo /proc/cpuinfo /proc/mounts /sys/class/dmi/id/bios_* /sys/class/dmi/id/board_* /sys/class/dmi/id/chassis_* /sys/class/dmi/id/product_serial /sys/class/dmi/id/product_uuid /sys/class/dmi/id/product_version /sys/block/*/size /sys/block/*/removable /sys/block/*/queue/rotational /sys/block/*/queue/hw_sector_size /sys/block/*/queue/scheduler /sys/block/*/queue/discard_granularity /sys/block/*/device/vendor /sys/block/*/device/model /sys/block/*/*/start /sys/block/*/*/size`;

const virtualFiles = sh`/run/systemd/container /proc/1/cgroup /proc/modules /sys/hypervisor/type /sys/class/dmi/id/product_name /sys/class/dmi/id/sys_vendor`;

const platform = sh`mark machine
read -r m < /proc/sys/kernel/arch || m=$(uname -m)
u= g= n=
while read -r key id rest; do
  case $key in Uid:) u=$id ;; Gid:) g=$id; break ;; esac
done < /proc/self/status
printf '%s\n' "$m" "$u" "$g"
mark passwd
found=
while IFS= read -r line; do
  rest=\${line#*:*:}
  [ "\${rest%%:*}" != "$u" ] || { printf '%s\n' "$line"; found=1; break; }
done < /etc/passwd
[ -n "$found" ] || getent passwd "$u"
mark date
date '+%s|%N|%Y|%m|%d|%H|%M|%S|%A|%w|%W|%Z|%z|%B'
mark exists
for p in /usr/bin/apt-get /usr/bin/dnf5 /usr/bin/dnf-3 /usr/bin/dnf /usr/bin/yum /usr/bin/microdnf /usr/bin/zypper /usr/bin/pacman /sbin/apk /usr/bin/emerge /usr/bin/xbps-install /usr/bin/lsb_release /usr/bin/systemctl /bin/systemctl /run/systemd/system /dev/.run/systemd /sbin/openrc /sbin/initctl /etc/init.d /sys/kernel/security/apparmor /sys/fs/selinux/enforce /.dockerenv /run/.containerenv /dev/kvm /proc/vz /proc/bc /proc/xen; do
  [ -e "$p" ] && echo "$p"
done
[ -e /proc/1/root/. ] && [ ! / -ef /proc/1/root/. ] && echo chroot
mark fqdn
read -r n < /proc/sys/kernel/hostname
known=
while read -r line; do
  case " \${line%%#*} " in *[[:space:]]"$n"[[:space:]]*) known=1; break ;; esac
done < /etc/hosts
[ -n "$known" ] || timeout 2 hostname -f
mark environ
cat /proc/self/environ
`;

const network = sh`mark net
set -- /sys/class/net/*
echo "$@"
set -- /sys/class/net/*/brif/*
echo "$@"
set -- /sys/class/net/*/device/driver/module
if [ -e "$1" ]; then mark netmodules; ls -ld /sys/class/net/*/device /sys/class/net/*/device/driver/module; fi
mark addresses
ip -o addr show
mark route4
ip -4 route get 8.8.8.8
mark route6
ip -6 route get 2404:6800:400a:800::1012
mark routes
[ -x /sbin/ip ] || [ -x /bin/ip ] || [ -x /usr/sbin/ip ] || cat /proc/net/route
`;

const hardware = sh`mark links
for d in by-id by-uuid by-label; do [ -d "/dev/disk/$d" ] && ls -l "/dev/disk/$d" && echo "/dev/disk/$d"; done
mark statfs
set --
slow=
while read -r device mount type rest; do
  case $device in /*) ;; *:/*) slow=1 ;; *) continue ;; esac
  case $type in none) continue ;; nfs*|cifs|smb*) slow=1 ;; esac
  case $mount in *[!-a-zA-Z0-9_./@:+,=]*) mount=$(printf %b "$mount") ;; esac
  set -- "$@" "$mount"
done < /proc/mounts
if [ -n "$slow" ]; then timeout 10 stat -f -c '%S|%b|%a|%c|%d|%n' "$@"
elif [ $# -gt 0 ]; then stat -f -c '%S|%b|%a|%c|%d|%n' "$@"; fi
`;

/** Executable fact files are run, the others read; each is preceded by its name, and by its status where it ran. */
function localFacts(folder: string): Script {
  return sh`for f in ${folder}/*.fact; do
  [ -f "$f" ] || continue
  mark "fact $f"
  if [ -x "$f" ]; then "$f" </dev/null; s=$?; echo; echo "#=status=# $s"; else cat "$f"; fi
done
`;
}
