import nunjucks from "nunjucks";
import type { HostSummary, TaskResult } from "../run/events.ts";
import { pythonRepr } from "../source/python-repr.ts";
import { palette } from "./colour.ts";
import { formatDiff } from "./diff.ts";
import type { ResultRecord, RunRecord, TaskRecord } from "./html.ts";
import { pageTemplate } from "./html-template.ts";
import { itemLabel, resultJson } from "./result-text.ts";
import { seconds } from "./times.ts";

/** More of one result than this is cut: the page must open. */
const longest = 100_000;

/** Escapes every value, so that nothing a host said becomes markup. */
const page = new nunjucks.Template(pageTemplate, new nunjucks.Environment(null, { autoescape: true }), "page", true);

const counted = ["ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored", "unknown"] as const;

/** The whole page; styles are in it, scripts there are none. */
export function htmlPage(run: RunRecord): string {
  const length = run.ended - run.began;
  return page.render({
    counted,
    names: run.playbooks.map((each) => each.split("/").at(-1) ?? each).join(", "),
    verdict: run.interrupted ? "interrupted" : run.exitCode === 0 ? "ok" : "failed",
    checkMode: run.checkMode,
    exitCode: run.exitCode,
    length: seconds(length),
    began: new Date(run.began * 1000).toISOString().replace("T", " ").slice(0, 19),
    hosts: hostRows(run.hosts),
    lanes: lanes(run),
    marks: [0, 1, 2, 3, 4].map((step) => seconds((length * step) / 4)),
    warnings: run.warnings,
    plays: run.plays.map(({ name, tasks }) => ({ name, tasks: tasks.map(taskView) })),
  });
}

function hostRows(hosts: { readonly [host: string]: HostSummary }) {
  return Object.keys(hosts)
    .sort()
    .map((name) => ({
      name,
      counts: counted.map((count) => hosts[name]?.[count] ?? 0),
      busy: seconds(hosts[name]?.seconds ?? 0),
    }));
}

/** A row a host; a bar for each task, where it stood in time. */
function lanes(run: RunRecord) {
  const length = Math.max(run.ended - run.began, 0.001);
  const percent = (time: number) => Math.min(100, Math.max(0, ((time - run.began) / length) * 100));
  const bars = run.plays.flatMap(({ tasks }) =>
    tasks.flatMap(({ id, name, results }) =>
      results
        .filter(({ result }) => result.item === undefined)
        .map(({ result, began, ended }) => ({
          host: result.host,
          id,
          word: wordOf(result),
          left: percent(began).toFixed(2),
          width: (percent(ended) - percent(began)).toFixed(2),
          title: `${name}: ${wordOf(result)}, ${seconds(ended - began)}`,
        })),
    ),
  );
  return [...new Set(bars.map(({ host }) => host))].map((host) => ({
    host,
    bars: bars.filter((bar) => bar.host === host),
  }));
}

function wordOf(result: TaskResult): string {
  if (result.ignored) return "ignored";
  if (result.rescued) return "rescued";
  return result.unknown === undefined ? result.status : "unknown";
}

function taskView({ id, name, module, handler, place, results }: TaskRecord) {
  const words = results.filter(({ result }) => result.item === undefined).map(({ result }) => wordOf(result));
  return {
    id,
    name,
    module,
    handler,
    place,
    open: results.some(({ result }) => ["failed", "unreachable"].includes(wordOf(result))),
    sums: [...new Set(words)].map((word) => ({ word, count: words.filter((each) => each === word).length })),
    results: results.map(resultView),
  };
}

function resultView({ result, began, ended }: ResultRecord) {
  const item = result.item === undefined ? "" : ` (item=${itemLabel(result.item, pythonRepr)})`;
  const where = result.delegate === undefined ? result.host : `${result.host} -> ${result.delegate}`;
  const unknown = result.unknown === undefined ? "" : ` known after the run: ${result.unknown}`;
  const diff = formatDiff(result.diff, palette(false));
  return {
    word: wordOf(result),
    text: `${where}${item}${unknown}`,
    time: result.item === undefined ? seconds(ended - began) : "",
    diff: diff === "" ? [] : diff.split("\n").map((line) => ({ line, kind: kindOf(line) })),
    json: cut(resultJson(result, { indent: 2, invocation: true })),
  };
}

function kindOf(line: string): "ins" | "del" | "span" {
  return line.startsWith("+") ? "ins" : line.startsWith("-") ? "del" : "span";
}

function cut(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}\n… ${text.length - longest} characters more`;
}
