import type { HostSummary, TaskResult } from "./events.ts";

/** The summary of a host that has come to nothing yet. */
export function emptySummary(): HostSummary {
  return {
    ok: 0,
    changed: 0,
    unreachable: 0,
    failed: 0,
    skipped: 0,
    rescued: 0,
    ignored: 0,
    unknown: 0,
    seconds: 0,
  };
}

/** Counts results as ansible-playbook's recap does. */
export class Summary {
  readonly #hosts = new Map<string, HostSummary>();

  of(host: string): HostSummary {
    let summary = this.#hosts.get(host);
    if (!summary) {
      summary = emptySummary();
      this.#hosts.set(host, summary);
    }
    return summary;
  }

  /** One task's end on one host: an ignored failure is ok, a rescued one is no failure. */
  count(result: TaskResult): void {
    const summary = this.of(result.host);
    summary.seconds += result.seconds;
    switch (result.status) {
      case "ok":
      case "changed":
        summary.ok++;
        if (result.status === "changed") summary.changed++;
        if (result.unknown !== undefined) summary.unknown++;
        return;
      case "skipped":
        summary.skipped++;
        return;
      case "unreachable":
        if (result.ignored) {
          summary.ok++;
          summary.ignored++;
        } else summary.unreachable++;
        return;
      case "failed":
        if (result.ignored) {
          summary.ok++;
          summary.ignored++;
          if (result.value["changed"] === true) summary.changed++;
        } else if (result.rescued) summary.rescued++;
        else summary.failed++;
    }
  }

  get hosts(): { [host: string]: HostSummary } {
    return Object.fromEntries(this.#hosts);
  }
}
