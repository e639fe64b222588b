import { Type } from "@sinclair/typebox";
import { dict } from "../source/value.ts";
import { flag, number, optional, text } from "./argument-types.ts";
import { controllerModule } from "./contract.ts";

export default controllerModule({
  name: "pause",
  summary: "Wait for some time, or for a person.",
  collection: "ansible.builtin.pause",
  args: Type.Object({
    seconds: optional(number("How long.")),
    minutes: optional(number("How long.")),
    prompt: optional(text("What to ask.")),
    echo: flag("Show what is typed.", true),
  }),
  mutuallyExclusive: [["seconds", "minutes"]],
  example: "- ansible.builtin.pause:\n    seconds: 5\n",
  returns: { user_input: "what was typed", delta: "seconds waited" },

  async run(args, context, controller) {
    const start = Date.now();
    const timed = args.seconds !== undefined || args.minutes !== undefined;
    const seconds = Math.max(0, args.seconds ?? (args.minutes ?? 0) * 60);
    let typed = "";
    const warnings: string[] = [];
    // A prediction waits for nobody.
    if (!context.checkMode) {
      if (timed) await controller.sleep(seconds);
      else {
        const text = args.prompt ?? "Press enter to continue, Ctrl+C to interrupt";
        const answer = await controller.prompt(`${text}: `, { echo: args.echo, signal: controller.signal });
        if (answer === undefined) warnings.push("nobody was asked: there is no terminal");
        typed = answer ?? "";
      }
    }
    const waited = (Date.now() - start) / 1000;
    const unit =
      args.minutes === undefined
        ? `${Math.round(waited * 100) / 100} seconds`
        : `${Math.round((waited / 60) * 100) / 100} minutes`;
    return {
      changed: false,
      result: dict([
        ["start", new Date(start).toISOString().replace("T", " ").slice(0, 23)],
        ["stop", new Date().toISOString().replace("T", " ").slice(0, 23)],
        ["delta", Math.round(waited)],
        ["stdout", `Paused for ${unit}`],
        ["user_input", typed],
        ["echo", args.echo],
        ["rc", 0],
        ["stderr", ""],
        ...(warnings.length > 0 ? [["warnings", warnings] as const] : []),
      ]),
    };
  },
});
