import type { Dict, Value } from "../source/value.ts";
import { agrees, type Comparison, type ContainerOption, containerOptions } from "./container-options.ts";
import { asList, at, words } from "./docker.ts";
import type { Arguments } from "./docker_container.ts";
import { splitWords } from "./words.ts";

/** How an option is compared: what `comparisons` says, else strictly for values and lists, loosely for sets and dicts. */
export function comparisonOf(
  option: Pick<ContainerOption, "name" | "sort">,
  comparisons: Dict | undefined,
): Comparison {
  const aliases: { readonly [name: string]: string } = {
    published_ports: "ports",
    capabilities: "cap_add",
    exposed_ports: "exposed",
  };
  const given = comparisons?.[option.name] ?? comparisons?.[aliases[option.name] ?? ""] ?? comparisons?.["*"];
  for (const how of ["strict", "ignore", "allow_more_present"] as const) if (given === how) return how;
  if (option.name === "published_ports") return "strict";
  return option.sort === "set" || option.sort === "dict" ? "allow_more_present" : "strict";
}

/** Option → what the container has, and what it should have. Only options that were given count. */
export function containerDifferences(
  args: Arguments,
  container: Dict,
  image: Dict | undefined,
): { [option: string]: readonly [Value, Value] } {
  const differences: { [option: string]: readonly [Value, Value] } = {};
  for (const option of containerOptions) {
    const given = (args as { readonly [name: string]: Value | undefined })[option.name];
    if (given === undefined || given === null) continue;
    const wanted = option.wanted(given);
    const is = option.is(container);
    if (agrees(option.sort, comparisonOf(option, args.comparisons), wanted, is)) continue;
    differences[option.name] = [is ?? null, wanted];
  }
  if (args.command !== undefined && args.command !== null) {
    const wanted = commandWords(args.command);
    const is = asList(at(container, "Config", "Cmd")).map(words);
    if (!agrees("list", comparisonOf({ name: "command", sort: "list" }, args.comparisons), wanted, is)) {
      differences["command"] = [is, wanted];
    }
  }
  if (args.restart_policy === "on-failure" && args.restart_retries !== undefined) {
    const is = at(container, "HostConfig", "RestartPolicy", "MaximumRetryCount") ?? 0;
    if (is !== args.restart_retries)
      differences["restart_policy"] = [`on-failure:${words(is)}`, `on-failure:${args.restart_retries}`];
  }
  const compareImage = comparisonOf({ name: "image", sort: "value" }, args.comparisons);
  if (image && !args.ignore_image && compareImage !== "ignore" && at(image, "Id") !== at(container, "Image")) {
    differences["image"] = [at(container, "Image") ?? null, at(image, "Id") ?? null];
  }
  return differences;
}

/** A command as words: a list, or a text split as a shell would. */
export function commandWords(command: Value): string[] {
  return Array.isArray(command) ? command.map(words) : splitWords(words(command));
}
