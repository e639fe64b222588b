import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { type Dict, Unknown } from "../source/value.ts";
import { choice, flag, list, optional, path, text } from "./argument-types.ts";
import { ask, type Look, ModuleFailure, type Plan, type Step, stateModule } from "./contract.ts";
import { splitWords } from "./words.ts";

const args = Type.Object({
  name: optional(list(Type.String(), "Packages: `name`, `name==version`, an address.")),
  version: optional(text("Version, where name is one package.")),
  requirements: optional(path("File of requirements, on the host.")),
  state: choice(["present", "latest", "absent", "forcereinstall"], "What they should be.", { default: "present" }),
  virtualenv: optional(path("Virtual environment; made where it is missing.")),
  virtualenv_command: text("What makes it.", { default: "python3 -m venv" }),
  virtualenv_python: optional(text("Python of it.")),
  virtualenv_site_packages: flag("It sees the system's packages."),
  executable: optional(text("pip itself.")),
  extra_args: optional(text("More words for pip.")),
  editable: flag("Install in place."),
  chdir: optional(path("Where pip starts.")),
  umask: optional(text("Permissions that new files lack.")),
  break_system_packages: flag("Change an environment that the system manages."),
});

interface PipState {
  readonly failure: string | undefined;
  readonly environment: boolean;
  readonly packages: ReadonlyMap<string, string>;
}

export default stateModule({
  name: "pip",
  collection: "ansible.builtin.pip",
  summary: "Manages Python packages by pip.",
  args,
  requiredOneOf: [["name", "requirements"]],
  mutuallyExclusive: [
    ["name", "requirements"],
    ["executable", "virtualenv"],
  ],
  example: "- pip:\n    name: requests\n    virtualenv: /opt/app\n",
  returns: { cmd: "The command." },
  *look(args): Look<Plan> {
    const env = args.virtualenv;
    const pip = env === undefined ? [args.executable ?? "pip3"] : [`${env}/bin/pip`];
    const is = yield* ask<PipState>({
      kind: "pip",
      subject: env ?? args.executable ?? "pip3",
      script: sh`${
        env === undefined
          ? sh``
          : sh`[ -x ${`${env}/bin/pip`} ] || { echo '#=none=#'; exit 0; }
`
      }command -v ${pip} >/dev/null 2>&1 || { echo 'pip is not installed on the host' >&2; exit 3; }
PIP_DISABLE_PIP_VERSION_CHECK=1 ${pip} list --format=freeze`,
      decode(reply) {
        const output = reply.stdout.toString();
        return {
          failure: reply.status === 0 ? undefined : reply.stderr.toString().trim(),
          environment: !output.startsWith("#=none=#"),
          packages: frozen(output),
        };
      },
      amend(observed, predictions) {
        const reason = observed.failure === undefined ? undefined : predictions.open("command");
        return reason === undefined ? observed : new Unknown(reason);
      },
    });
    if (is.failure !== undefined)
      throw new ModuleFailure(`Unable to find any of ${pip.join(" ")} to use. ${is.failure}`);
    const names = (args.name ?? []).map((name) => (args.version === undefined ? name : `${name}==${args.version}`));
    const wanted = names.filter((spec) => {
      if (args.state === "latest" || args.state === "forcereinstall") return true;
      const installed = satisfies(spec, is.packages);
      return args.state === "absent" ? is.packages.has(canonical(nameOf(spec))) : !installed;
    });
    const told: Dict = {
      name: args.name ?? null,
      requirements: args.requirements ?? null,
      state: args.state,
      version: args.version ?? null,
      virtualenv: env ?? null,
    };
    const sourced = wanted.some((spec) => /^(git|hg|svn|bzr)\+/.test(spec)) && args.state === "present";
    const always = args.requirements !== undefined && args.state !== "absent";
    const steps: Step[] = [];
    if (env !== undefined && !is.environment && args.state !== "absent") {
      const words = [
        ...splitWords(args.virtualenv_command),
        ...(args.virtualenv_python === undefined ? [] : ["-p", args.virtualenv_python]),
        ...(args.virtualenv_site_packages ? ["--system-site-packages"] : []),
        env,
      ];
      steps.push({ name: "make the environment", script: sh`${words} || exit 1` });
    }
    if (wanted.length === 0 && !always && args.requirements === undefined && steps.length === 0)
      return {
        result: {
          ...told,
          cmd: [...pip, args.state === "absent" ? "uninstall" : "install", ...names],
          stdout: "",
          stderr: "",
        },
      };
    const command = [
      ...pip,
      ...(args.state === "absent" ? ["uninstall", "-y"] : ["install", "--no-input"]),
      ...(args.state === "latest" ? ["-U"] : args.state === "forcereinstall" ? ["-U", "--force-reinstall"] : []),
      ...(args.break_system_packages ? ["--break-system-packages"] : []),
      ...(args.editable ? ["-e"] : []),
      ...(args.extra_args === undefined ? [] : splitWords(args.extra_args)),
      ...wanted.map((spec) => (args.state === "absent" ? nameOf(spec) : spec)),
      ...(args.requirements === undefined ? [] : ["-r", args.requirements]),
    ];
    const doubtful = always || sourced || args.state === "latest";
    const mask =
      args.umask === undefined
        ? sh``
        : sh`umask ${args.umask}
`;
    const chdir =
      args.chdir === undefined
        ? sh``
        : sh`cd ${args.chdir} || exit 1
`;
    if (wanted.length > 0 || args.requirements !== undefined) {
      steps.push({
        name: command.slice(1).join(" "),
        timeout: 3600,
        script: sh`${mask}${chdir}export PIP_DISABLE_PIP_VERSION_CHECK=1
${command} </dev/null || exit 1`,
      });
    }
    // What is checked out of a repository is installed anew each time: whether that is another version shows afterwards.
    if (sourced)
      steps.push({
        name: "list what there is",
        script: sh`PIP_DISABLE_PIP_VERSION_CHECK=1 ${pip} list --format=freeze || exit 1`,
      });
    return {
      result: { ...told, cmd: command, stdout: printed, stderr: printed },
      change: {
        // What pip would resolve is only known once it has: it says so itself.
        ...(doubtful && is.environment ? { uncertain: "pip finds out then what is missing" } : {}),
        diff: [{ before: "", after: `${(wanted.length > 0 ? wanted : [args.requirements ?? ""]).join("\n")}\n` }],
        steps,
        effects: [{ kind: "pip", subject: env ?? args.executable ?? "pip3", unknown: "pip changes packages before" }],
        finish(replies) {
          const reply = replies.at(sourced ? -2 : -1);
          const stdout = reply?.stdout.toString() ?? "";
          const now = frozen(replies.at(-1)?.stdout.toString() ?? "");
          const changed = sourced
            ? [...now].some(([name, version]) => is.packages.get(name) !== version)
            : /Successfully (un)?installed/i.test(stdout);
          return {
            stdout,
            stderr: reply?.stderr.toString() ?? "",
            ...(doubtful && is.environment ? { changed } : {}),
          };
        },
      },
    };
  },
});

const printed = new Unknown("pip says it then");

/** What `pip list --format=freeze` says: name → version. */
function frozen(output: string): Map<string, string> {
  const packages = new Map<string, string>();
  for (const line of output.split("\n")) {
    const [name, version] = line.trim().split("==");
    if (name !== undefined && version !== undefined) packages.set(canonical(name), version);
  }
  return packages;
}

const canonical = (name: string) =>
  name
    .toLowerCase()
    .replace(/[-_.]+/g, "-")
    .replace(/\[.*/, "");

function nameOf(spec: string): string {
  return /^[A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?/.exec(spec)?.[0] ?? spec;
}

/** Whether what is installed is what `name`, `name==1.0`, `name>=1.0,<2` asks for. */
export function satisfies(spec: string, packages: ReadonlyMap<string, string>): boolean {
  const name = nameOf(spec);
  const version = packages.get(canonical(name));
  if (version === undefined) return false;
  return spec
    .slice(name.length)
    .split(",")
    .every((clause) => {
      const match = /^\s*(==|>=|<=|!=|~=|>|<)\s*(\S+)\s*$/.exec(clause);
      if (!match?.[2]) return clause.trim() === "";
      const order = compareVersions(version, match[2]);
      if (match[1] === "==")
        return match[2].endsWith(".*") ? `${version}.`.startsWith(match[2].slice(0, -1)) : order === 0;
      if (match[1] === "!=") return order !== 0;
      if (match[1] === ">=") return order >= 0;
      if (match[1] === "<=") return order <= 0;
      if (match[1] === ">") return order > 0;
      if (match[1] === "<") return order < 0;
      return order >= 0 && version.startsWith(`${match[2].split(".").slice(0, -1).join(".")}.`);
    });
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0));
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index++) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}
