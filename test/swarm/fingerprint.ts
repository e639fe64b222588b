import { on } from "./cluster.ts";

// Left out is what time alone changes, and what belongs to the looking itself: its processes and login sessions.
const script = `export LC_ALL=C
pruned="-path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /dev -o -path /var/log"
find / \\( $pruned -o -path '/var/lib/systemd/timers/*' -o -name random-seed \\) -prune -o \\
  -printf 'path %p %y %m %U:%G %s %T@ %l\\n'
find / \\( $pruned -o -name random-seed \\) -prune -o -type f -print0 | xargs -0 sha256sum | sed 's/^/content /'
find /run/play /tmp/.play* /home/*/.play* /root/.play* -type f 2>/dev/null | sed 's/^/left behind /'
systemctl list-unit-files --no-legend --no-pager | sed 's/^/unit file /'
systemctl list-units --all --plain --no-legend --no-pager --type=service,socket,timer,path --state=active |
  awk '$1 !~ /^user(-runtime-dir)?@/ { print "unit", $1, $4 }'
dpkg-query -W -f 'package \${Package} \${Version} \${Status}\\n'
getent passwd | sed 's/^/user /'
getent group | sed 's/^/group /'
ps -eo user:32,comm --no-headers | awk '$2 !~ /^(ps|sh|awk|sort|sshd|sudo|systemd|\\(sd-pam\\))$/ { print "process", $1, $2 }' | sort -u
for table in filter nat; do iptables -t $table -S | sed "s/^/iptables $table /"; done
ip -o -4 address | awk '{ print "address", $2, $4 }'
ip route | sed 's/^/route /'
sysctl -a 2>/dev/null | grep -E '^(net|kernel)\\.' | grep -vE '^(kernel\\.(ns_last_pid|random\\.|pty\\.nr|perf_)|net\\.netfilter\\.nf_conntrack_count)' |
  sed 's/^/sysctl /'`;

/**
 * A host as far as anything could have changed it: every path with mode, owner, size, times and content, units,
 * packages, users, processes by name, packet filter, addresses, kernel settings, and what a run has left behind.
 * One line each; two lists that are equal are of the same host in the same state.
 */
export async function fingerprint(host: string): Promise<string[]> {
  return (await on(host, script)).split("\n").sort();
}

/** The lines that only one of two fingerprints has, marked - and +. */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const [old, now] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
}
