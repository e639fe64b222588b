import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { type Dict, Unknown } from "../source/value.ts";
import { anything, choice, flag, integer, list, mapping, maybeFlag, optional, text } from "./argument-types.ts";
import { containerDifferences } from "./container-differences.ts";
import { containerOptions } from "./container-options.ts";
import {
  create,
  inspectStep,
  networkSteps,
  optionWords,
  remove,
  stop,
  stopTime,
  waitHealthy,
} from "./container-steps.ts";
import { ask, askMaybe, type Look, ModuleFailure, type Plan, type Step, stateModule } from "./contract.ts";
import {
  asDict,
  at,
  dockerStep,
  type Engine,
  engineAliases,
  engineArgs,
  engineOf,
  engineUnsupported,
  inspectQuery,
  objectEffect,
  parseJson,
  subjectOf,
  words,
} from "./docker.ts";

const texts = (description: string) => optional(list(Type.String(), description));

const optionArgs = {
  env: optional(mapping("Environment: name → value.")),
  labels: optional(mapping("Labels.")),
  published_ports: texts("Ports to publish: `8080:80`, `127.0.0.1:53:53/udp`, ranges, or all."),
  exposed_ports: texts("Ports that other containers may use."),
  volumes: texts("`/host:/container[:ro]`, `name:/container`, `/container`."),
  mounts: optional(list(mapping("type, source, target, read_only"), "Mounts: type, source, target, read_only.")),
  volumes_from: texts("Containers whose volumes it has too."),
  tmpfs: texts("Paths kept in memory."),
  entrypoint: texts("Replaces the image's entry point."),
  hostname: optional(text("Its host name.")),
  domainname: optional(text("Its domain.")),
  user: optional(text("Who runs in it.")),
  working_dir: optional(text("Where its command starts.")),
  network_mode: optional(text("bridge, host, none, container:NAME, or a network.")),
  ipc_mode: optional(text("Whose IPC namespace.")),
  pid_mode: optional(text("Whose PID namespace.")),
  userns_mode: optional(text("Whose user namespace.")),
  uts: optional(text("Whose UTS namespace.")),
  cgroupns_mode: optional(text("Whose cgroup namespace.")),
  cgroup_parent: optional(text("Parent cgroup.")),
  runtime: optional(text("Runtime.")),
  stop_signal: optional(text("Signal that stops it.")),
  stop_timeout: optional(integer("Seconds until it is killed when stopped.")),
  log_driver: optional(text("Log driver.")),
  log_options: optional(mapping("Its options.")),
  privileged: maybeFlag("All privileges of the host."),
  read_only: maybeFlag("Root file system read-only."),
  auto_remove: maybeFlag("Removed when it ends."),
  init: maybeFlag("An init process inside."),
  tty: maybeFlag("A terminal."),
  interactive: maybeFlag("Standard input kept open."),
  oom_killer: maybeFlag("Whether the out-of-memory killer is disabled."),
  oom_score_adj: optional(integer("Its readiness to be killed.")),
  capabilities: texts("Capabilities added."),
  cap_drop: texts("Capabilities taken away."),
  security_opts: texts("Security options."),
  dns_servers: texts("Name servers."),
  dns_search_domains: texts("Search domains."),
  dns_opts: texts("Resolver options."),
  groups: texts("More groups of its user."),
  links: texts("Links to other containers."),
  devices: texts("Devices: `/host[:/container[:rwm]]`."),
  etc_hosts: optional(mapping("More lines in /etc/hosts: name → address.")),
  sysctls: optional(mapping("Kernel settings of its namespaces.")),
  storage_opts: optional(mapping("Storage options.")),
  ulimits: texts("`nofile:1024:2048`."),
  memory: optional(text("Memory limit, such as 512M.")),
  memory_reservation: optional(text("Soft limit.")),
  memory_swap: optional(text("Memory and swap; unlimited.")),
  kernel_memory: optional(text("Kernel memory.")),
  shm_size: optional(text("Size of /dev/shm.")),
  memory_swappiness: optional(integer("0 to 100.")),
  cpus: optional(Type.Number({ description: "How many processors." })),
  cpu_shares: optional(integer("Relative weight.")),
  cpu_period: optional(integer("CFS period.")),
  cpu_quota: optional(integer("CFS quota.")),
  cpuset_cpus: optional(text("Which processors.")),
  cpuset_mems: optional(text("Which memory nodes.")),
  blkio_weight: optional(integer("Weight of its block I/O.")),
  pids_limit: optional(integer("How many processes.")),
  restart_policy: optional(choice(["no", "on-failure", "always", "unless-stopped"], "When it is started again.")),
  healthcheck: optional(mapping("test, interval, timeout, retries, start_period.")),
};

const args = Type.Object({
  ...engineArgs,
  name: text("The container."),
  image: optional(text("Its image.")),
  state: choice(["absent", "present", "healthy", "stopped", "started"], "What it should be.", { default: "started" }),
  command: optional(anything("Command: a text or a list.")),
  networks: optional(list(mapping("name, ipv4_address, ipv6_address, aliases, links"), "Networks that it is in.")),
  purge_networks: flag("Take it out of networks that are not named."),
  networks_cli_compatible: flag("The first network takes the place of the default one.", true),
  restart_retries: optional(integer("For on-failure: how often.")),
  ...optionArgs,
  restart: flag("Restart it when it runs."),
  recreate: flag("Make it anew in any case."),
  paused: maybeFlag("Whether it is paused."),
  comparisons: optional(mapping("Option → strict, ignore or allow_more_present; `*` for all.")),
  pull: choice(["always", "missing", "never", "true", "false"], "When its image is pulled.", { default: "missing" }),
  ignore_image: flag("Another image is no reason to make it anew."),
  image_comparison: choice(["desired-image", "current-image"], "Accepted for compatibility.", {
    default: "desired-image",
  }),
  force_kill: flag("Kill it instead of stopping it."),
  kill_signal: optional(text("Signal for that.")),
  keep_volumes: flag("Leave its anonymous volumes when it goes.", true),
  detach: flag("Do not wait for its end.", true),
  cleanup: flag("With detach off: remove it when it has ended."),
  output_logs: flag("Accepted for compatibility."),
  container_default_behavior: optional(text("Accepted; options that are not given are not compared.")),
  command_handling: optional(text("Accepted; the command is given as the CLI takes it.")),
  default_host_ip: optional(text("Accepted for compatibility.")),
  healthy_wait_timeout: Type.Number({ description: "Seconds to wait for healthy.", default: 300 }),
  platform: optional(text("Platform of the image.")),
});
/** What the module takes. */
export type Arguments = (typeof args)["static"];

export default stateModule({
  name: "docker_container",
  collection: "community.docker.docker_container",
  summary: "Manages docker containers; one whose options differ is made anew.",
  args,
  argAliases: {
    ...engineAliases,
    ports: "published_ports",
    exposed: "exposed_ports",
    expose: "exposed_ports",
    cap_add: "capabilities",
    forcekill: "force_kill",
    log_opt: "log_options",
  },
  unsupported: {
    ...engineUnsupported,
    env_file: "write the values into env",
    device_requests: "needs a newer engine than these modules know",
    device_cgroup_rules: "needs a newer engine than these modules know",
    device_read_bps: "use memory and cpu limits",
    device_write_bps: "use memory and cpu limits",
    device_read_iops: "use memory and cpu limits",
    device_write_iops: "use memory and cpu limits",
    mac_address: "the engine chooses it",
    volume_driver: "make the volume with docker_volume",
    trust_image_content: "it never had an effect",
    removal_wait_timeout: "the CLI waits for the removal",
    image_label_mismatch: "labels of the image are never compared",
    image_name_mismatch: "the image is compared by its id",
  },
  example:
    "- docker_container:\n    name: web\n    image: nginx:latest\n    published_ports: ['8080:80']\n    restart_policy: always\n",
  returns: { container: "The container, as the engine describes it.", status: "Its exit status, with detach off." },
  look: (args, context) => look(args, engineOf(args, context)),
});

function* look(args: Arguments, engine: Engine): Look<Plan> {
  const [asked, image] = yield* both(args, engine);
  const { found } = asked;
  const running = at(found, "State", "Running") === true;
  const name = args.name;
  if (args.state === "absent") {
    if (!found) return { result: {} };
    return {
      change: {
        diff: [{ before: { exists: true, running }, after: { exists: false } }],
        steps: remove(args, engine, running),
        effects: [objectEffect(engine, "container", name, undefined)],
      },
    };
  }
  const differences = found ? containerDifferences(args, found, image) : {};
  const changedOptions = Object.keys(differences);
  const byName = new Map(containerOptions.map((option) => [option.name, option]));
  const updates = changedOptions.length > 0 && !args.recreate && changedOptions.every((key) => byName.get(key)?.update);
  const anew = found !== undefined && (args.recreate || (changedOptions.length > 0 && !updates));
  const steps: Step[] = [];
  const pulls = args.pull === "always" || args.pull === "true";
  if (!found || anew) {
    const wanted = args.image ?? (found ? words(at(found, "Config", "Image") ?? "") : undefined);
    if (wanted === undefined) throw new ModuleFailure("Cannot create container when image is not specified!");
    if (found) steps.push(...remove(args, engine, running));
    if (pulls || (image === undefined && args.pull !== "never" && args.pull !== "false")) {
      steps.push(dockerStep(engine, `pull ${wanted}`, ["pull", "--quiet", wanted]));
    }
    steps.push(create(args, engine, wanted));
    steps.push(...networkSteps(args, engine, {}, true));
  } else {
    if (updates) steps.push(dockerStep(engine, "update it", ["update", ...optionWords(args, changedOptions), name]));
    steps.push(...networkSteps(args, engine, asDict(at(found, "NetworkSettings", "Networks")), false));
  }
  const settled = steps.length;
  const lives = running && !anew;
  const wantsRun = args.state === "started" || args.state === "healthy";
  if (wantsRun && !lives) steps.push(dockerStep(engine, "start it", ["start", name]));
  else if (wantsRun && args.restart) steps.push(dockerStep(engine, "restart it", ["restart", ...stopTime(args), name]));
  else if (args.state === "stopped" && lives) steps.push(stop(args, engine));
  const paused = at(found, "State", "Paused") === true && !anew;
  if (args.paused !== undefined && wantsRun && args.paused !== paused) {
    steps.push(dockerStep(engine, args.paused ? "pause it" : "unpause it", [args.paused ? "pause" : "unpause", name]));
  }
  if (steps.length === 0) {
    return pulls && args.image !== undefined
      ? freshImage(args, engine, found ?? {}, args.image)
      : { result: { container: found ?? {} } };
  }
  if (args.state === "healthy") steps.push(waitHealthy(args, engine));
  if (!args.detach && wantsRun) return attached(args, engine, steps);
  steps.push(inspectStep(engine, name));
  const before: Dict = found ? { exists: true, running } : { exists: false };
  const after: Dict = { exists: true, running: args.state === "present" ? lives : wantsRun };
  for (const [key, [was, now]] of Object.entries(differences)) {
    before[key] = was;
    after[key] = now;
  }
  return {
    change: {
      diff: [{ before, after }],
      steps,
      effects: [
        found && settled === 0
          ? objectEffect(engine, "container", name, {
              ...found,
              State: { ...asDict(found["State"]), Running: wantsRun },
            })
          : { kind: "container", subject: subjectOf(engine, name), unknown: `the container ${name}` },
      ],
      finish: (replies) => ({ container: asDict(parseJson(replies.at(-1)?.stdout.toString() ?? "{}")) }),
    },
  };
}

function* both(args: Arguments, engine: Engine): Look<[{ readonly found: Dict | undefined }, Dict | undefined]> {
  const container = yield* ask(inspectQuery(engine, "container", args.name));
  if (args.image === undefined || args.state === "absent") return [container, undefined];
  const image = yield* askMaybe(inspectQuery(engine, "image", args.image));
  return [container, image instanceof Unknown ? undefined : image.found];
}

/** Waits for its end; its output and exit status are the task's. */
function attached(args: Arguments, engine: Engine, steps: readonly Step[]): Plan {
  const status = steps.length;
  return {
    change: {
      diff: [{ before: { running: false }, after: { ran: true } }],
      steps: [
        ...steps,
        { name: "wait for its end", script: sh`${engine.cli} wait ${args.name} || exit 1` },
        { name: "read its output", script: sh`${engine.cli} logs ${args.name} 2>&1 || exit 1` },
        inspectStep(engine, args.name),
        ...(args.cleanup ? remove(args, engine, false) : []),
      ],
      effects: [{ kind: "container", subject: subjectOf(engine, args.name), unknown: `the container ${args.name}` }],
      finish(replies) {
        const code = Number(replies[status]?.stdout.toString().trim() ?? 0);
        const output = replies[status + 1]?.stdout.toString() ?? "";
        const container = asDict(parseJson(replies[status + 2]?.stdout.toString() ?? "{}"));
        if (code !== 0)
          throw new ModuleFailure(output.trim() || `Non-zero exit code ${code}`, { status: code, container });
        return { status: code, container: { ...container, Output: output } };
      },
    },
  };
}

/** Everything is as declared, but the image may be a newer one: that shows only when it is pulled. */
function freshImage(args: Arguments, engine: Engine, found: Dict, image: string): Plan {
  const again = [
    ...remove(args, engine, true),
    create(args, engine, image),
    ...networkSteps(args, engine, {}, true),
    dockerStep(engine, "start it", ["start", args.name]),
  ];
  const stdin = again.find((step) => step.stdin !== undefined)?.stdin;
  return {
    result: { container: found },
    change: {
      uncertain: `${image} is pulled then, and may be a newer one`,
      diff: [],
      effects: [objectEffect(engine, "container", args.name, found)],
      steps: [
        {
          name: `pull ${image}, and make the container anew if it is another one`,
          script: sh`${engine.cli} pull --quiet ${image} >/dev/null || exit 1
n=$(${engine.cli} image inspect --format '{{.Id}}' ${image}) || exit 1
[ "$n" != ${words(at(found, "Image") ?? "")} ] || exit 0
${again[0]?.script ?? sh`:`}
${again.slice(1).reduce(
  (all, step) => sh`${all}
${step.script}`,
  sh``,
)}
echo anew`,
          ...(stdin === undefined ? {} : { stdin }),
        },
        inspectStep(engine, args.name),
      ],
      finish: (replies) => ({
        changed: /anew\s*$/.test(replies[0]?.stdout.toString() ?? ""),
        container: asDict(parseJson(replies[1]?.stdout.toString() ?? "{}")),
      }),
    },
  };
}
