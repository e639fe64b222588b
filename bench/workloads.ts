/** `first`: on a host where nothing is there yet; `converged`: nothing to do; `each`: it always acts. */
export type Phase = "first" | "converged" | "each";

/** One workload: a playbook, and the same work as one shell script, which is the least that it can cost. */
export interface Workload {
  readonly name: string;
  readonly what: string;
  readonly playbook: string;
  /** Undefined: nothing happens on a host. */
  readonly oneshot?: string;
  readonly phases: readonly Phase[];
  readonly hosts: number;
  readonly templates?: { readonly [name: string]: string };
  /** Prints something that must be the same whoever did the work. */
  readonly verify: string;
}

const head = "- hosts: all\n  gather_facts: false\n  tasks:\n";
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

const servers = numbers(50)
  .map((n) => `      - {name: server${n}.example.org, port: ${8000 + n}, weight: ${n % 5}}\n`)
  .join("");

const nodes = numbers(40)
  .map((n) => `      - {name: node${n}, size: ${(n * 13) % 97}, enabled: ${n % 3 > 0}, zone: z${n % 4}}\n`)
  .join("");

const local = `- hosts: localhost\n  connection: local\n  gather_facts: false\n  vars:\n    data:\n${nodes}  tasks:\n`;

export const workloads: readonly Workload[] = [
  {
    name: "W0",
    what: "one `ping`",
    playbook: `${head}    - ping:\n`,
    oneshot: "true",
    hosts: 1,
    phases: ["each"],
    verify: "true",
  },
  {
    name: "W1",
    what: "100 separate `file: state=directory` tasks",
    playbook:
      head +
      numbers(100)
        .map((n) => `    - name: dir ${n}\n      file: path=/tmp/w/d${n} state=directory\n`)
        .join(""),
    oneshot: numbers(100)
      .map((n) => `[ -d /tmp/w/d${n} ] || mkdir -p /tmp/w/d${n}`)
      .join("\n"),
    hosts: 1,
    phases: ["first", "converged"],
    verify: "stat -c '%n %a %U' /tmp/w/*",
  },
  {
    name: "W2",
    what: "one `copy: content=…` looping over 300 items",
    playbook: `${head}    - name: folder\n      file: path=/tmp/w state=directory\n    - name: copy 300\n      copy:\n        content: "file {{ item }}\\n{{ 'x' * 200 }}\\n"\n        dest: /tmp/w/{{ item }}\n      loop: "{{ range(1, 301) | list }}"\n`,
    oneshot: `mkdir -p /tmp/w\n${numbers(300)
      .map(
        (n) =>
          `printf 'file ${n}\\n%s\\n' ${"x".repeat(200)} | cmp -s - /tmp/w/${n} || printf 'file ${n}\\n%s\\n' ${"x".repeat(200)} >/tmp/w/${n}`,
      )
      .join("\n")}`,
    hosts: 1,
    phases: ["first", "converged"],
    verify: "cat /tmp/w/* | sha256sum",
  },
  {
    name: "W3",
    what: "30 `template` tasks, 50 lines each from a loop",
    playbook: `- hosts: all\n  gather_facts: false\n  vars:\n    servers:\n${servers}  tasks:\n    - file: path=/tmp/w state=directory\n${numbers(
      30,
    )
      .map(
        (n) => `    - name: template ${n}\n      template: src=w3.j2 dest=/tmp/w/f${n}.conf\n      vars: {n: ${n}}\n`,
      )
      .join("")}`,
    templates: {
      "w3.j2":
        "# file {{ n }}\nupstream backend_{{ n }} {\n{% for s in servers %}\n  server {{ s.name }}:{{ s.port + n }} weight={{ s.weight }};\n{% endfor %}\n}\n",
    },
    oneshot: `mkdir -p /tmp/w\n${numbers(30)
      .map(
        (n) =>
          `[ -s /tmp/w/f${n}.conf ] || { echo '# file ${n}'; echo 'upstream backend_${n} {'; i=1; while [ $i -le 50 ]; do echo "  server server$i.example.org:$((8000+i+${n})) weight=$((i%5));"; i=$((i+1)); done; echo '}'; } >/tmp/w/f${n}.conf`,
      )
      .join("\n")}`,
    hosts: 1,
    phases: ["first", "converged"],
    verify: "cat /tmp/w/*.conf | sha256sum",
  },
  {
    name: "W5",
    what: "50 × `command: /bin/true`",
    playbook:
      head +
      numbers(50)
        .map((n) => `    - name: true ${n}\n      command: /bin/true\n`)
        .join(""),
    oneshot: numbers(50)
      .map(() => "/bin/true")
      .join("\n"),
    hosts: 1,
    phases: ["each"],
    verify: "true",
  },
  {
    name: "W6",
    what: "50 × `lineinfile` on one file",
    playbook: `${head}    - file: path=/tmp/w state=directory\n${numbers(50)
      .map(
        (n) => `    - name: line ${n}\n      lineinfile: path=/tmp/w/f.conf line=option_${n}=value_${n} create=true\n`,
      )
      .join("")}`,
    oneshot: `mkdir -p /tmp/w; touch /tmp/w/f.conf\n${numbers(50)
      .map((n) => `grep -qx option_${n}=value_${n} /tmp/w/f.conf || echo option_${n}=value_${n} >>/tmp/w/f.conf`)
      .join("\n")}`,
    hosts: 1,
    phases: ["first", "converged"],
    verify: "sort /tmp/w/f.conf | sha256sum",
  },
  {
    name: "W4",
    what: "50 hosts, 50 forks: ping, command, file, copy, template",
    playbook: `${head}    - ping:
    - command: "true"
    - file: path=/tmp/w state=directory
    - copy:
        content: "hello {{ inventory_hostname }}\\n"
        dest: /tmp/w/copy.txt
    - template: src=w4.j2 dest=/tmp/w/tpl.txt
`,
    templates: {
      "w4.j2":
        "# {{ inventory_hostname }}\n{% for i in range(20) %}\nline {{ i }} of {{ inventory_hostname }} {{ i * 3 }}\n{% endfor %}\n",
    },
    oneshot: `true; /bin/true; mkdir -p /tmp/w; h=$(hostname)
echo "hello $h" | cmp -s - /tmp/w/copy.txt || echo "hello $h" >/tmp/w/copy.txt
{ echo "# $h"; i=0; while [ $i -lt 20 ]; do echo "line $i of $h $((i*3))"; i=$((i+1)); done; } >/tmp/w/new
cmp -s /tmp/w/new /tmp/w/tpl.txt || cat /tmp/w/new >/tmp/w/tpl.txt; rm /tmp/w/new`,
    hosts: 50,
    phases: ["first", "converged"],
    verify: "cat /tmp/w/* | sha256sum",
  },
  {
    name: "W4F",
    what: "50 hosts, 50 forks: facts",
    playbook: "- hosts: all\n  gather_facts: true\n  tasks:\n    - meta: noop\n",
    oneshot: `uname -a; hostname; cat /etc/os-release /proc/meminfo /proc/cpuinfo /proc/mounts /proc/uptime /proc/loadavg \
  /proc/cmdline /etc/resolv.conf; id; env; for i in /sys/class/net/*; do cat $i/address $i/mtu $i/operstate; done
cat /proc/net/route /proc/net/fib_trie; df -k; date; ls -d /sys/block/*; cat /etc/ssh/ssh_host_*.pub; true`,
    hosts: 50,
    phases: ["each"],
    verify: "true",
  },
  {
    name: "W7A",
    what: "controller only: 1,000 items of `set_fact` with select, map and sum chains",
    playbook: `${local}    - set_fact:
        acc: "{{ (data | selectattr('enabled') | map(attribute='size') | map('int') | sum) + item }}"
      loop: "{{ range(1000) | list }}"
`,
    hosts: 1,
    phases: ["each"],
    verify: "true",
  },
  {
    name: "W7B",
    what: "controller only: 1,000 items of `debug` with such chains",
    playbook: `${local}    - debug:
        msg: "{{ item }}: {{ data | selectattr('zone', 'equalto', 'z' ~ (item % 4)) | map(attribute='name') | join(',') }} = {{ data | selectattr('zone', 'equalto', 'z' ~ (item % 4)) | map(attribute='size') | sum }}"
      loop: "{{ range(1000) | list }}"
`,
    hosts: 1,
    phases: ["each"],
    verify: "true",
  },
  {
    name: "W7C",
    what: "controller only: 100 tasks of `set_fact` with such chains",
    playbook: `${local}${numbers(100)
      .map(
        (n) => `    - name: set ${n}
      set_fact:
        acc${n % 10}: "{{ (data | selectattr('enabled') | map(attribute='size') | map('int') | sum) + ${n} }}"
`,
      )
      .join("")}`,
    hosts: 1,
    phases: ["each"],
    verify: "true",
  },
];
