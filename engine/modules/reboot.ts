import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import { dict } from "../source/value.ts";
import { integer, list, optional, text } from "./argument-types.ts";
import { actionModule, ModuleFailure, type StepContext } from "./contract.ts";

export default actionModule({
  name: "reboot",
  summary: "Restart the host and wait until it is back.",
  collection: "ansible.builtin.reboot",
  args: Type.Object({
    pre_reboot_delay: integer("Seconds before it goes down.", { default: 0 }),
    post_reboot_delay: integer("Seconds to wait after it went down.", { default: 0 }),
    reboot_timeout: integer("Seconds until it must be back.", { default: 600 }),
    connect_timeout: optional(integer("Seconds for one try; the connection's own setting counts.")),
    test_command: text("What must succeed on the host that is back.", { default: "whoami" }),
    msg: text("What users of the host are told.", { default: "Reboot initiated by Ansible" }),
    search_paths: list(text("A folder."), "Where shutdown is looked for.", {
      default: ["/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin"],
    }),
    boot_time_command: text("What tells one boot from the next.", { default: "cat /proc/sys/kernel/random/boot_id" }),
    reboot_command: optional(text("What restarts the host, instead of shutdown.")),
  }),
  argAliases: {
    pre_reboot_delay_sec: "pre_reboot_delay",
    post_reboot_delay_sec: "post_reboot_delay",
    reboot_timeout_sec: "reboot_timeout",
    connect_timeout_sec: "connect_timeout",
  },
  example: "- ansible.builtin.reboot:\n    reboot_timeout: 300\n",
  returns: { rebooted: "whether it was restarted", elapsed: "seconds it took" },

  async run(args, _context, host) {
    const start = process.hrtime.bigint();
    const elapsed = () => Number(process.hrtime.bigint() - start) / 1e9;
    const before = await bootMark(host, args.boot_time_command);
    if (before === undefined) throw new ModuleFailure("Cannot tell when the host was started.", { rebooted: false });
    const minutes = Math.floor(args.pre_reboot_delay / 60);
    const path = args.search_paths.join(":");
    // Detached, so that the answer still arrives before the host goes down.
    const command =
      args.reboot_command ??
      `PATH=${path}:$PATH shutdown -r ${minutes > 0 ? `+${minutes}` : "now"} "$1" || PATH=${path}:$PATH reboot`;
    await host
      .request(sh`(setsid sh -c ${`sleep 1; ${command}`} reboot ${args.msg} >/dev/null 2>&1 </dev/null &)`)
      .catch(() => undefined);
    await host.sleep(1 + args.pre_reboot_delay + args.post_reboot_delay);
    const limit = args.reboot_timeout;
    let problem = "it did not go down";
    while (elapsed() < limit) {
      host.signal.throwIfAborted();
      try {
        await host.reconnect();
        const now = await bootMark(host, args.boot_time_command);
        if (now !== undefined && now !== before) {
          const test = await host.request(sh`sh -c ${args.test_command}`, { command: true, timeout: 60 });
          if (test.status === 0) {
            return {
              changed: true,
              result: dict([
                ["rebooted", true],
                ["elapsed", Math.floor(elapsed())],
              ]),
            };
          }
          problem = `the test command ended with ${test.status}`;
        }
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
      await host.sleep(1);
    }
    throw new ModuleFailure(`Timed out waiting for last boot time check (timeout=${limit}): ${problem}`, {
      rebooted: true,
      elapsed: Math.floor(elapsed()),
    });
  },
});

async function bootMark(host: StepContext, command: string): Promise<string | undefined> {
  const reply = await host.request(sh`sh -c ${command}`, { timeout: 30 });
  const mark = reply.stdout.toString().trim();
  return reply.status === 0 && mark !== "" ? mark : undefined;
}
