/** One workload: a playbook, and the same work as one shell script, which is the least that it can cost. */
export interface Workload {
  readonly name: string;
  readonly what: string;
  readonly playbook: string;
  readonly oneshot: string;
  /** `first`: on a host where nothing is there yet; `converged`: nothing to do; `each`: it always acts. */
  readonly phases: readonly ("first" | "converged" | "each")[];
  readonly templates?: { readonly [name: string]: string };
  /** Prints something that must be the same whoever did the work. */
  readonly verify: string;
}

const head = "- hosts: all\n  gather_facts: false\n  tasks:\n";
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

const servers = numbers(50)
  .map((n) => `      - {name: server${n}.example.org, port: ${8000 + n}, weight: ${n % 5}}\n`)
  .join("");

export const workloads: readonly Workload[] = [
  {
    name: "W0",
    what: "one `ping`",
    playbook: `${head}    - ping:\n`,
    oneshot: "true",
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
    phases: ["first", "converged"],
    verify: "ls /tmp/w | wc -l",
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
    phases: ["first", "converged"],
    verify: "sort /tmp/w/f.conf | sha256sum",
  },
  {
    name: "W7",
    what: "controller only: 1,000 items of `set_fact` with select and map chains",
    playbook: `- hosts: all\n  gather_facts: false\n  vars:\n    rows: "{{ range(50) | map('string') | list }}"\n  tasks:\n    - set_fact:\n        last: "{{ rows | select('match', '1') | map('upper') | list | length + item }}"\n      loop: "{{ range(1000) | list }}"\n`,
    oneshot: "true",
    phases: ["each"],
    verify: "true",
  },
];
