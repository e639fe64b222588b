import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { chart } from "./chart.ts";
import { versions } from "./contenders.ts";
import type { Phase, Workload } from "./workloads.ts";

/** One workload in one phase: what each contender took, each time; `Infinity` where it was cut off. */
export interface Cell {
  readonly workload: Workload;
  readonly phase: Phase;
  readonly seconds: Map<string, number[]>;
}

/** What was measured so far, as a table and a chart. */
export class Figures {
  readonly #names: readonly string[];
  readonly #cells: Cell[] = [];

  /** @param names the contenders, play first */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  add(cell: Cell): void {
    this.#cells.push(cell);
  }

  table(): string {
    const head = ["workload", "what", ...this.#names.map((name) => `${name}, s`), "ansible / play", "mitogen / play"];
    const rows = this.#cells.map((cell) => [
      label(cell),
      cell.phase === this.#phaseShown(cell) ? cell.workload.what : "",
      ...this.#names.map((name) => secondsText(medianOf(cell, name))),
      ratioText(cell, "ansible"),
      ratioText(cell, "mitogen"),
    ]);
    const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
    return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
  }

  /** Puts the table into docs/benchmarks.md and the chart into docs/benchmarks.svg. */
  write(): void {
    const file = "docs/benchmarks.md";
    const before = existsSync(file) ? (readFileSync(file, "utf8").split("\n## Figures")[0] ?? "") : "# Benchmarks\n";
    const facts = `Medians, in seconds; ${versions()}; measured on ${new Date().toISOString().slice(0, 10)}.`;
    const picture = "![How many times longer the others take](benchmarks.svg)";
    writeFileSync(file, `${before.trimEnd()}\n\n## Figures\n\n${facts}\n\n${picture}\n\n${this.table()}\n`);
    writeFileSync(
      "docs/benchmarks.svg",
      chart(
        this.#cells.map((cell) => ({
          label: label(cell),
          ratios: ["mitogen", "ansible"].map((name) => ({ name, ...ratio(cell, name) })),
        })),
      ),
    );
  }

  /** What a workload is stands in its first row. */
  #phaseShown({ workload }: Cell): Phase | undefined {
    return this.#cells.find((each) => each.workload === workload)?.phase;
  }
}

function label({ workload, phase }: Cell): string {
  return phase === "each" ? workload.name : `${workload.name} ${phase}`;
}

function medianOf(cell: Cell, name: string): number | undefined {
  const values = cell.seconds.get(name);
  return values && [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** How many times longer than play; where a contender was cut off, at least so many. */
function ratio(cell: Cell, name: string): { readonly value: number; readonly atLeast: boolean } {
  const own = medianOf(cell, "play") ?? Number.NaN;
  const other = medianOf(cell, name) ?? Number.NaN;
  const cut = other === Number.POSITIVE_INFINITY;
  return { value: (cut ? cutOff : other) / own, atLeast: cut };
}

/** Seconds after which a contender is cut off. */
export const cutOff = 60;

function secondsText(seconds: number | undefined): string {
  if (seconds === undefined) return "–";
  return seconds === Number.POSITIVE_INFINITY ? `> ${cutOff}` : seconds.toFixed(2);
}

function ratioText(cell: Cell, name: string): string {
  const { value, atLeast } = ratio(cell, name);
  return Number.isNaN(value) ? "–" : `${atLeast ? "> " : ""}${value.toFixed(1)}×`;
}
