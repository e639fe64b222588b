import type { Block, Item, RoleUse, Task } from "../playbook/tree.ts";
import { type Dict, dict } from "../source/value.ts";
import { untemplated } from "./untemplated.ts";

const made = new WeakMap<Block, readonly Item[]>();

/** The tasks of a block; before those of a role that declares its arguments, the check of these. */
export function itemsOfBlock(block: Block): readonly Item[] {
  const spec = block.roleRoot ? block.role?.argumentSpec : undefined;
  if (!spec) return block.block;
  let items = made.get(block);
  if (!items) {
    items = [argumentTask(block, spec), ...block.block];
    made.set(block, items);
  }
  return items;
}

function argumentTask(block: Block, { entryPoint, spec }: NonNullable<RoleUse["argumentSpec"]>): Task {
  const description = spec["short_description"];
  const { role } = block;
  return {
    kind: "task",
    name: `Validating arguments against arg spec '${entryPoint}'${typeof description === "string" ? ` - ${description}` : ""}`,
    at: block.at,
    keywords: block.keywords,
    vars: block.vars,
    tags: ["always", ...block.tags],
    when: block.when,
    ...(role ? { role } : {}),
    module: "validate_argument_spec",
    moduleAsWritten: "ansible.builtin.validate_argument_spec",
    moduleAt: block.at,
    // The declaration itself is no template.
    args: dict([
      ["argument_spec", untemplated(spec["options"] ?? dict())],
      ["validate_args_context", untemplated(context(role, entryPoint))],
    ]),
    until: [],
    changedWhen: [],
    failedWhen: [],
    listen: [],
    isHandler: false,
    includeParams: dict(),
    searchPath: role ? [role.path] : [],
    depth: 0,
  };
}

/** Whose arguments they are, for whoever reads the failure. */
function context(role: Block["role"], entryPoint: string): Dict {
  return dict([
    ["argument_spec_name", entryPoint],
    ["name", role?.name ?? null],
    ["path", role?.path ?? null],
    ["type", "role"],
  ]);
}
