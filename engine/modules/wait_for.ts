import { type Static, Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { type Dict, dict, type Value } from "../source/value.ts";
import { choice, integer, list, optional, path, text } from "./argument-types.ts";
import { actionModule, ModuleFailure, type StepContext } from "./contract.ts";
import { assign } from "./path-names.ts";
import { pythonRegex } from "./python-regex.ts";

const args = Type.Object({
  host: text("The address, as the host sees it.", { default: "127.0.0.1" }),
  port: optional(integer("The port.")),
  path: optional(path("The path.")),
  state: choice(["absent", "drained", "present", "started", "stopped"], "What to wait for.", { default: "started" }),
  search_regex: optional(text("Wait until the file, or what the port sends, matches.")),
  timeout: integer("Seconds until it fails.", { default: 300 }),
  connect_timeout: integer("Seconds for one try.", { default: 5 }),
  delay: integer("Seconds before the first try.", { default: 0 }),
  sleep: integer("Seconds between tries.", { default: 1 }),
  msg: optional(text("What to say where it fails.")),
  exclude_hosts: list(text("An address."), "Peers that do not count for drained.", { default: [] }),
  active_connection_states: list(text("A state."), "What counts for drained.", {
    default: ["ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "SYN_RECV", "SYN_SENT", "TIME_WAIT"],
  }),
});
type Arguments = Static<typeof args>;

export default actionModule<typeof args>({
  name: "wait_for",
  summary: "Wait for a port, a file, or some time.",
  collection: "ansible.builtin.wait_for",
  args,
  mutuallyExclusive: [["path", "port"]],
  unsupported: {
    owner: "it does not change the file",
    group: "it does not change the file",
    mode: "it does not change the file",
  },
  example: "- ansible.builtin.wait_for:\n    port: 8500\n    timeout: 60\n",
  returns: { elapsed: "seconds waited", match_groups: "the groups of search_regex" },
  effects: () => [],

  async run(args, _context, host) {
    if (args.path !== undefined && !["present", "started", "absent", "stopped"].includes(args.state)) {
      throw new ModuleFailure("state=drained should only be used for checking a port in the wait_for module", {
        elapsed: 0,
      });
    }
    const start = process.hrtime.bigint();
    const elapsed = () => Number(process.hrtime.bigint() - start) / 1e9;
    await host.sleep(args.delay);
    if (args.port === undefined && args.path === undefined && args.state !== "drained") {
      await host.sleep(Math.max(0, args.timeout - args.delay));
      return { changed: false, result: done(args, elapsed(), undefined) };
    }
    while (true) {
      const found = await reached(args, host);
      if (found)
        return { changed: false, result: { ...done(args, elapsed(), found), ...(await whatIsThere(args.path, host)) } };
      if (elapsed() + args.sleep >= args.timeout) break;
      await host.sleep(args.sleep);
    }
    throw new ModuleFailure(args.msg ?? message(args), { elapsed: Math.floor(elapsed()) });
  },
});

interface Found {
  readonly match?: RegExpExecArray;
}

async function reached(args: Arguments, host: StepContext): Promise<Found | undefined> {
  const wantsThere = args.state === "present" || args.state === "started";
  if (args.path !== undefined) {
    if (args.search_regex === undefined) {
      const { status } = await host.request(sh`${assign("p", args.path)}; [ -e "$p" ] || [ -L "$p" ]`);
      return (status === 0) === wantsThere ? {} : undefined;
    }
    const reply = await host.request(sh`${assign("p", args.path)}; cat < "$p"`);
    if (reply.status !== 0) return wantsThere ? undefined : {};
    const match = pythonRegex(args.search_regex, "m", { ascii: true }).exec(reply.stdout.toString());
    return wantsThere ? (match ? { match } : undefined) : match ? undefined : {};
  }
  if (args.state === "drained") return (await connections(args, host)) === 0 ? {} : undefined;
  const answer = await knock(args, host);
  if (!wantsThere) return answer === undefined ? {} : undefined;
  if (answer === undefined) return undefined;
  if (args.search_regex === undefined) return {};
  const match = pythonRegex(args.search_regex, "m", { ascii: true }).exec(answer);
  return match ? { match } : undefined;
}

/** What a port sends; undefined where nothing listens. */
async function knock(args: Arguments, host: StepContext): Promise<string | undefined> {
  const limit = AbortSignal.any([host.signal, AbortSignal.timeout(args.connect_timeout * 1000)]);
  const stream = await host.forward(args.host, args.port ?? 0).catch(() => undefined);
  if (!stream) return undefined;
  return await new Promise((resolve) => {
    let text = "";
    const end = () => {
      stream.destroy();
      resolve(text);
    };
    stream.once("error", () => resolve(text === "" ? undefined : text));
    if (args.search_regex === undefined) return end();
    const regex = pythonRegex(args.search_regex, "m", { ascii: true });
    limit.addEventListener("abort", end, { once: true });
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (regex.test(text) || text.length > 1 << 20) end();
    });
    stream.once("end", end);
  });
}

const numbers: { readonly [state: string]: string } = {
  ESTABLISHED: "01",
  SYN_SENT: "02",
  SYN_RECV: "03",
  FIN_WAIT1: "04",
  FIN_WAIT2: "05",
  TIME_WAIT: "06",
};

async function connections(args: Arguments, host: StepContext): Promise<number> {
  const reply = await host.request(sh`cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; :`);
  const states = new Set(args.active_connection_states.map((state) => numbers[state]));
  const port = (args.port ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const excluded = new Set(args.exclude_hosts.map(hexAddress));
  return reply.stdout
    .toString()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = "", remote = "", state]) => {
      return local.endsWith(`:${port}`) && states.has(state) && !excluded.has(remote.split(":")[0] ?? "");
    }).length;
}

/** `10.0.0.1` as /proc/net/tcp writes it. */
function hexAddress(address: string): string {
  const bytes = address.split(".").map(Number);
  return bytes
    .reverse()
    .map((byte) => byte.toString(16).toUpperCase().padStart(2, "0"))
    .join("");
}

/** The file's owner and permissions; its kind takes the place of the state that was waited for. */
async function whatIsThere(path: string | undefined, host: StepContext): Promise<Dict> {
  if (path === undefined) return {};
  const { stdout, status } = await host.request(sh`${assign("p", path)}; stat -c '%u %g %U %G %a %s %h %F' -- "$p"`);
  if (status !== 0) return { state: "absent" };
  const [uid, gid, owner = "", group = "", mode = "", size, links, ...kind] = stdout.toString().trim().split(" ");
  const word = kind.join(" ");
  const state = word === "directory" ? word : word === "symbolic link" ? "link" : Number(links) > 1 ? "hard" : "file";
  return { uid: Number(uid), gid: Number(gid), owner, group, mode: mode.padStart(4, "0"), size: Number(size), state };
}

function done(args: Arguments, elapsed: number, found: Found | undefined) {
  return dict([
    ["state", args.state],
    ["port", args.port ?? null],
    ["search_regex", args.search_regex ?? null],
    ["path", args.path ?? null],
    ["elapsed", Math.floor(elapsed)],
    ["match_groups", (found?.match?.slice(1) ?? []).map((group): Value => group ?? null)],
    ["match_groupdict", dict(Object.entries(found?.match?.groups ?? {}))],
  ]);
}

function message(args: Arguments): string {
  const subject = args.path ?? `${args.host}:${args.port}`;
  if (args.state === "drained") return `Timeout when waiting for ${subject} to drain`;
  if (args.state === "absent" || args.state === "stopped") {
    return args.path === undefined
      ? `Timeout when waiting for ${subject} to stop.`
      : `Timeout when waiting for ${subject} to be absent.`;
  }
  if (args.search_regex !== undefined) {
    return `Timeout when waiting for search string ${args.search_regex} in ${subject}`;
  }
  return args.path === undefined ? `Timeout when waiting for ${subject}` : `Timeout when waiting for file ${subject}`;
}
