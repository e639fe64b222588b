import { Type } from "@sinclair/typebox";
import { dict, type Value } from "../source/value.ts";
import { list, text } from "./argument-types.ts";
import { controllerModule } from "./contract.ts";

export default controllerModule({
  name: "add_host",
  summary: "Add a host to the inventory in memory; further arguments are its variables.",
  collection: "ansible.builtin.add_host",
  args: Type.Object(
    {
      name: text("The host's name, or name:port."),
      groups: list(text("A group."), "The groups it is in.", { default: [] }),
    },
    { additionalProperties: true },
  ),
  argAliases: { hostname: "name", host: "name", groupname: "groups", group: "groups" },
  example: "- ansible.builtin.add_host:\n    name: 10.0.0.7\n    groups: [web]\n    role: spare\n",
  returns: { add_host: "the host with its groups and variables" },

  run({ name: given, groups, ...rest }) {
    const variables = dict(Object.entries(rest as { [name: string]: Value })); // additional arguments are values
    const parts = /^([^:\s]+|\[[^\]]+\]):(\d+)$/.exec(given);
    const name = parts?.[1] ?? given;
    if (parts) variables["ansible_ssh_port"] = Number(parts[2]);
    return {
      changed: true,
      result: dict([
        [
          "add_host",
          dict([
            ["host_name", name],
            ["groups", groups],
            ["host_vars", variables],
          ]),
        ],
      ]),
      addHost: { name, groups, variables },
    };
  },
});
