import type { Condition } from "../playbook/tree.ts";
import { Unknown } from "../source/value.ts";
import type { Templar } from "../template/contract.ts";

export type Verdict =
  | { readonly holds: true }
  | { readonly holds: false; readonly condition: string | boolean }
  | { readonly holds: "unknown"; readonly unknown: Unknown };

/**
 * Whether all conditions hold. One that is false decides, whatever stands before it is known or not; an unknown one
 * decides where none is false.
 * @throws TemplateError
 */
export function testAll(conditions: readonly Condition[], templar: Templar): Verdict {
  let open: Unknown | undefined;
  for (const { expression, at } of conditions) {
    let holds: boolean | Unknown;
    try {
      holds = typeof expression === "boolean" ? expression : templar.test(expression, at);
    } catch (error) {
      // What stands behind an unknown condition may be guarded by it.
      if (open) return { holds: "unknown", unknown: open };
      throw error;
    }
    if (holds instanceof Unknown) open ??= holds;
    else if (!holds) return { holds: false, condition: expression };
  }
  return open ? { holds: "unknown", unknown: open } : { holds: true };
}
