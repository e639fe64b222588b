import type { HostSummary, TaskResult } from "../run/events.ts";
import { pythonRepr } from "../source/python-repr.ts";
import { palette } from "./colour.ts";
import { formatDiff } from "./diff.ts";
import type { ResultRecord, RunRecord, TaskRecord } from "./html.ts";
import { xml } from "./junit.ts";
import { itemLabel, resultJson } from "./result-text.ts";
import { seconds } from "./slowest.ts";

/** More of one result than this is cut: the page must open. */
const longest = 100_000;

/** The whole page; styles are in it, scripts there are none. */
export function htmlPage(run: RunRecord): string {
  const names = run.playbooks.map((each) => each.split("/").at(-1) ?? each).join(", ");
  const verdict = run.interrupted ? "interrupted" : run.exitCode === 0 ? "ok" : "failed";
  return [
    `<!doctype html>`,
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<title>${xml(names)}: ${verdict}</title><style>${styles}</style></head><body>`,
    `<header><h1>${xml(names)}${run.checkMode ? " <small>prediction (--check)</small>" : ""}</h1>`,
    `<p><b class="${verdict === "ok" ? "ok" : "failed"}">${verdict}</b>, exit code ${run.exitCode}, `,
    `${xml(seconds(run.ended - run.began))}, ${xml(new Date(run.began * 1000).toISOString().replace("T", " ").slice(0, 19))} UTC</p></header>`,
    section("Hosts", recap(run.hosts)),
    section("Timeline", timeline(run)),
    run.warnings.length > 0
      ? section("Warnings", `<ul>${run.warnings.map((each) => `<li>${xml(each)}</li>`).join("")}</ul>`)
      : "",
    ...run.plays.map((play) => section(`Play: ${play.name}`, play.tasks.map(task).join("\n"))),
    `</body></html>`,
    "",
  ].join("\n");
}

function section(title: string, content: string): string {
  return `<section><h2>${xml(title)}</h2>\n${content}</section>`;
}

const counted = ["ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored", "unknown"] as const;

function recap(hosts: { readonly [host: string]: HostSummary }): string {
  const rows = Object.keys(hosts)
    .sort()
    .map((host) => {
      const summary = hosts[host];
      const cells = counted.map((name) => {
        const count = summary?.[name] ?? 0;
        return `<td class="${count > 0 ? name : "none"}">${count}</td>`;
      });
      return `<tr><th>${xml(host)}</th>${cells.join("")}<td>${xml(seconds(summary?.seconds ?? 0))}</td></tr>`;
    });
  const heads = [...counted, "busy"].map((name) => `<th>${name}</th>`).join("");
  return `<table><tr><th></th>${heads}</tr>\n${rows.join("\n")}</table>`;
}

/** A row a host; a bar for each task, where it stood in time. */
function timeline(run: RunRecord): string {
  const length = Math.max(run.ended - run.began, 0.001);
  const percent = (time: number) => Math.min(100, Math.max(0, ((time - run.began) / length) * 100));
  const lanes = new Map<string, string[]>();
  for (const { tasks } of run.plays) {
    for (const { id, name, results } of tasks) {
      for (const { result, began, ended } of results) {
        if (result.item !== undefined) continue;
        const left = percent(began);
        const title = `${name}: ${wordOf(result)}, ${seconds(ended - began)}`;
        const bar = `<a href="#task-${id}" class="${wordOf(result)}" style="left:${left.toFixed(2)}%;width:${(percent(ended) - left).toFixed(2)}%" title="${xml(title)}"></a>`;
        const lane = lanes.get(result.host);
        if (lane) lane.push(bar);
        else lanes.set(result.host, [bar]);
      }
    }
  }
  const rows = [...lanes].map(([host, bars]) => `<tr><th>${xml(host)}</th><td><div>${bars.join("")}</div></td></tr>`);
  const marks = [0, 1, 2, 3, 4].map((step) => `<span>${xml(seconds((length * step) / 4))}</span>`).join("");
  const legend = [...counted].map((name) => `<span class="key ${name}">${name}</span>`).join(" ");
  return `<table class="lanes">${rows.join("\n")}<tr><th></th><td class="scale">${marks}</td></tr></table><p>${legend}</p>`;
}

function wordOf(result: TaskResult): string {
  if (result.ignored) return "ignored";
  if (result.rescued) return "rescued";
  return result.unknown === undefined ? result.status : "unknown";
}

function task({ id, name, module, handler, place, results }: TaskRecord): string {
  const open = results.some(({ result }) => ["failed", "unreachable"].includes(wordOf(result)));
  const words = new Map<string, number>();
  for (const { result } of results) {
    if (result.item === undefined) words.set(wordOf(result), (words.get(wordOf(result)) ?? 0) + 1);
  }
  const sums = [...words].map(([word, count]) => `<span class="key ${word}">${count} ${word}</span>`).join(" ");
  return [
    `<details id="task-${id}"${open ? " open" : ""}><summary>${handler ? "handler " : ""}<b>${xml(name)}</b> ${sums}</summary>`,
    `<p class="place">${xml(module)}, ${xml(place)}</p>`,
    ...results.map(one),
    `</details>`,
  ].join("\n");
}

function one({ result, began, ended }: ResultRecord): string {
  const item = result.item === undefined ? "" : ` (item=${itemLabel(result.item, pythonRepr)})`;
  const where = result.delegate === undefined ? result.host : `${result.host} -> ${result.delegate}`;
  const unknown = result.unknown === undefined ? "" : ` known after the run: ${result.unknown}`;
  const diff = formatDiff(result.diff, palette(false));
  const time = result.item === undefined ? ` <small>${xml(seconds(ended - began))}</small>` : "";
  return [
    `<details class="result"><summary><span class="key ${wordOf(result)}">${wordOf(result)}</span> ${xml(where + item + unknown)}${time}</summary>`,
    ...(diff === "" ? [] : [`<pre class="diff">${diff.split("\n").map(diffLine).join("\n")}</pre>`]),
    `<pre>${cut(resultJson(result, { indent: 2, invocation: true }))}</pre></details>`,
  ].join("");
}

function diffLine(line: string): string {
  const kind = line.startsWith("+") ? "ins" : line.startsWith("-") ? "del" : "span";
  return `<${kind}>${xml(line)}</${kind}>`;
}

function cut(text: string): string {
  return text.length <= longest
    ? xml(text)
    : `${xml(text.slice(0, longest))}\n… ${text.length - longest} characters more`;
}

const styles = `
:root{color-scheme:light dark;--ok:#2e7d32;--changed:#b26a00;--failed:#c62828;--skipped:#00838f;--unreachable:#ad1457;--rescued:#558b2f;--ignored:#8d6e63;--unknown:#6a1b9a;--line:#8884}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1 small{font-weight:normal;font-size:60%}
h2{font-size:1.1rem;border-bottom:1px solid var(--line);margin-top:2rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;padding:.1rem .8rem .1rem 0}
td{padding:.1rem .8rem .1rem 0}
td.none{opacity:.4}
pre{overflow:auto;max-height:30rem;padding:.6rem;border:1px solid var(--line);border-radius:4px;font-size:13px}
.lanes{width:100%}.lanes th{width:1%;white-space:nowrap}.lanes td{padding:0}
.lanes div{position:relative;height:1.1rem;margin:.15rem 0;background:#8881}
.lanes a{position:absolute;top:0;bottom:0;min-width:2px;box-shadow:inset -1px 0 Canvas}
.scale{display:flex;justify-content:space-between;opacity:.7;font-size:12px}
details{margin:.2rem 0}details.result{margin-left:1.2rem}summary{cursor:pointer}
.place{margin:.2rem 0 .2rem 1.2rem;opacity:.7;font-size:13px}
.key{color:#fff;border-radius:3px;padding:0 .35rem;font-size:12px}
${counted.map((name) => `.lanes a.${name},.key.${name}{background:var(--${name})}td.${name},b.${name}{color:var(--${name})}`).join("\n")}
ins,del,.diff span{text-decoration:none}ins{color:var(--ok)}del{color:var(--failed)}
:target>summary{outline:2px solid var(--changed)}
`;
