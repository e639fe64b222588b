import type { Dict, Value } from "../../source/value.ts";
import type { Sections } from "./sections.ts";

/** `ansible_local`: each `NAME.fact` as JSON, else as INI, else the text of what was wrong with it. */
export function localFacts(sections: Sections): Dict {
  const facts: Dict = {};
  for (const [name, body] of sections) {
    if (!name.startsWith("fact ")) continue;
    const file = name.slice(5);
    const fact = (file.split("/").at(-1) ?? file).replace(/\.fact$/, "");
    const status = /\n#=status=# (\d+)\s*$/.exec(body);
    const text = status ? body.slice(0, status.index) : body;
    facts[fact] =
      status && status[1] !== "0"
        ? `Failure executing fact script (${file}), rc: ${status[1]}, err: `
        : (jsonFact(text) ?? iniFact(text) ?? `error loading facts as JSON or ini - please check content: ${file}`);
  }
  return facts;
}

function jsonFact(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value; // JSON holds nothing that is no Value
  } catch {
    return undefined;
  }
}

function iniFact(text: string): Dict | undefined {
  const facts: Dict = {};
  let section: Dict | undefined;
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (trimmed === "" || /^[#;]/.test(trimmed)) continue;
    const head = /^\[(.+)\]$/.exec(trimmed)?.[1];
    if (head !== undefined) {
      section = {};
      facts[head] = section;
      continue;
    }
    const pair = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(trimmed);
    if (section === undefined || pair?.[1] === undefined) return undefined;
    section[pair[1].toLowerCase()] = pair[2] ?? "";
  }
  return facts;
}
