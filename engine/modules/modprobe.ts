import { Type } from "@sinclair/typebox";
import { sh } from "../host/script.ts";
import type { Dict } from "../source/value.ts";
import { choice, text } from "./argument-types.ts";
import { ask, type Look, type Plan, type Step, stateModule } from "./contract.ts";

export default stateModule({
  name: "modprobe",
  collection: "community.general.modprobe",
  summary: "Loads and unloads kernel modules, now and at every start.",
  args: Type.Object({
    name: text("The module."),
    state: choice(["present", "absent"], "Whether it should be loaded.", { default: "present" }),
    params: text("Its parameters.", { default: "" }),
    persistent: choice(["disabled", "absent", "present"], "Whether it is loaded at every start.", {
      default: "disabled",
    }),
  }),
  example: "- modprobe:\n    name: br_netfilter\n    persistent: present\n",
  returns: { name: "The module.", params: "Its parameters.", state: "present or absent." },
  *look(args): Look<Plan> {
    const { name, params } = args;
    const load = `/etc/modules-load.d/${name}.conf`;
    const options = `/etc/modprobe.d/${name}.conf`;
    const is = yield* ask<{
      readonly loaded: boolean;
      readonly builtIn: boolean;
      readonly persistent: boolean;
      readonly options: string;
    }>({
      kind: "kernel-module",
      subject: name,
      script: sh`n=${name}; u=$(echo "$n" | tr - _)
grep -q "^$u " /proc/modules && echo loaded || echo not
grep -q "/$n\.ko\|/$u\.ko" "/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null && echo built-in || echo not
grep -qsx "$n" /etc/modules /etc/modules-load.d/*.conf && echo persistent || echo not
cat ${options} 2>/dev/null; exit 0`,
      decode(reply) {
        const [loaded, builtIn, persistent, ...rest] = reply.stdout.toString().split("\n");
        return {
          loaded: loaded === "loaded",
          builtIn: builtIn === "built-in",
          persistent: persistent === "persistent",
          options: rest.join("\n").trim(),
        };
      },
    });
    const steps: Step[] = [];
    const before: Dict = {};
    const after: Dict = {};
    const words = params.split(/\s+/).filter((word) => word !== "");
    if (args.state === "present" && !is.loaded && !is.builtIn) {
      steps.push({ name: `load ${name}`, script: sh`modprobe ${[name, ...words]} || exit 1` });
      before["loaded"] = false;
      after["loaded"] = true;
    } else if (args.state === "absent" && is.loaded) {
      steps.push({ name: `unload ${name}`, script: sh`modprobe -r ${name} || exit 1` });
      before["loaded"] = true;
      after["loaded"] = false;
    }
    const line = words.length === 0 ? "" : `options ${name} ${words.join(" ")}`;
    if (args.persistent === "present" && (!is.persistent || (line !== "" && is.options !== line))) {
      steps.push({
        name: "load it at every start",
        script: sh`mkdir -p /etc/modules-load.d /etc/modprobe.d || exit 1
printf '%s\n' ${name} > ${load} || exit 1
${line === "" ? sh`` : sh`printf '%s\n' ${line} > ${options} || exit 1`}`,
      });
      before["persistent"] = is.persistent;
      after["persistent"] = true;
    } else if (args.persistent === "absent" && (is.persistent || is.options !== "")) {
      steps.push({
        name: "load it no more at the start",
        script: sh`rm -f ${load} ${options} || exit 1
for f in /etc/modules /etc/modules-load.d/*.conf; do
  [ -f "$f" ] && grep -qx ${name} "$f" && { sed -i ${`s/^${name.replace(/[^\w-]/g, "")}$/#&/`} "$f" || exit 1; }
done
exit 0`,
      });
      before["persistent"] = true;
      after["persistent"] = false;
    }
    const result = { name, params, state: args.state };
    if (steps.length === 0) return { result };
    const state = {
      loaded: args.state === "present" && !is.builtIn,
      builtIn: is.builtIn,
      persistent: args.persistent === "disabled" ? is.persistent : args.persistent === "present",
      options: args.persistent === "present" ? line : args.persistent === "absent" ? "" : is.options,
    };
    return {
      result,
      change: { diff: [{ before, after }], steps, effects: [{ kind: "kernel-module", subject: name, state }] },
    };
  },
});
