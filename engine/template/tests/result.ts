import { Unknown } from "../../source/value.ts";
import { fail, type Item, isItemDict, truthy, typeName } from "../item.ts";
import { type Family, plugin } from "../plugin.ts";

/** A field of a registered result; false where it is missing. */
function field(result: Item, name: string): boolean | Unknown {
  if (!isItemDict(result))
    return fail(`the test '${name}' needs the registered result of a task, not ${typeName(result)}`);
  const value = Object.hasOwn(result, name) ? (result[name] ?? null) : false;
  return value instanceof Unknown ? value : truthy(value);
}

function not(value: boolean | Unknown): boolean | Unknown {
  return value instanceof Unknown ? value : !value;
}

function asking(ask: (result: Item) => boolean | Unknown) {
  return plugin<boolean | Unknown>("", ask);
}

/** `changed` counts the items of a loop too. */
function changed(result: Item): boolean | Unknown {
  const own = field(result, "changed");
  if (own !== false || !isItemDict(result)) return own;
  const results = Object.hasOwn(result, "results") ? result["results"] : undefined;
  if (!Array.isArray(results) || Object.hasOwn(result, "changed")) return false;
  return results.some((each) => isItemDict(each) && truthy(each["changed"] ?? false));
}

const failed = asking((result) => field(result, "failed"));
const succeeded = asking((result) => not(field(result, "failed")));
const skipped = asking((result) => field(result, "skipped"));

/** Tests on what `register` keeps. */
export const resultTests: Family<boolean | Unknown> = {
  change: asking(changed),
  changed: asking(changed),
  failed,
  failure: failed,
  finished: asking((result) => field(result, "finished")),
  reachable: asking((result) => not(field(result, "unreachable"))),
  skip: skipped,
  skipped,
  started: asking((result) =>
    isItemDict(result) && Object.hasOwn(result, "started") ? field(result, "started") : true,
  ),
  succeeded,
  success: succeeded,
  successful: succeeded,
  timedout: asking((result) => {
    if (!isItemDict(result)) return field(result, "timedout");
    const value = Object.hasOwn(result, "timedout") ? result["timedout"] : undefined;
    return isItemDict(value) ? field(value, "period") : false;
  }),
  unreachable: asking((result) => field(result, "unreachable")),
};
