import { joinScripts, sh } from "../host/script.ts";
import { attributeDiff } from "./content.ts";
import { ask, type DiffPart, type Effect, type Look, type Step } from "./contract.ts";
import { type Attributes, attributeScript, sameAttributes, withAttributes } from "./ownership.ts";
import { assign } from "./path-names.ts";
import { type PresentPath, pathEffect } from "./paths.ts";
import { tree } from "./tree.ts";

/** What has to be done so that everything below a folder has the attributes. Links themselves keep theirs. */
export function* recursiveAttributes(
  folder: string,
  wanted: Attributes,
  follow: boolean,
): Look<{ steps: Step[]; diff: DiffPart[]; effects: Effect[] }> {
  const changes: [PresentPath, PresentPath][] = [];
  for (const entry of yield* ask(tree(folder, { follow }))) {
    if (entry.type === "link") continue;
    const after = yield* withAttributes(entry, wanted);
    if (!sameAttributes(entry, after)) changes.push([entry, after]);
  }
  if (changes.length === 0) return { steps: [], diff: [], effects: [] };
  return {
    diff: changes.map(([before, after]) => attributeDiff(before, after)),
    effects: changes.map(([, after]) => pathEffect(after.path, { ...after, keepsContent: after.type === "file" })),
    steps: [
      {
        name: "change owner or permissions below",
        script: joinScripts(
          changes.map(([before, after]) =>
            joinScripts([sh`${assign("p", before.path)}`, attributeScript(before, after)]),
          ),
        ),
      },
    ],
  };
}
