import { Type } from "@sinclair/typebox";
import { dict } from "../source/value.ts";
import { list, text } from "./argument-types.ts";
import { controllerModule } from "./contract.ts";

export default controllerModule({
  name: "group_by",
  summary: "Put the host into a group that is named by a value.",
  collection: "ansible.builtin.group_by",
  args: Type.Object({
    key: text("The group's name."),
    parents: list(text("A group."), "The groups that hold it.", { default: ["all"] }),
  }),
  example: "- ansible.builtin.group_by:\n    key: os_{{ ansible_facts.distribution }}\n",
  returns: { add_group: "the group", parent_groups: "its parents" },

  run(args) {
    const clean = (name: string) => name.replaceAll(" ", "-");
    const [key, parents] = [clean(args.key), args.parents.map(clean)];
    return {
      changed: false,
      result: dict([
        ["add_group", key],
        ["parent_groups", parents],
      ]),
      groupBy: { key, parents },
    };
  },
});
