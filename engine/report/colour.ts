import { Chalk, type ChalkInstance } from "chalk";

/** The colours of Ansible's default output, by meaning. */
export interface Palette {
  ok(text: string): string;
  changed(text: string): string;
  failed(text: string): string;
  skipped(text: string): string;
  unreachable(text: string): string;
  unknown(text: string): string;
  warning(text: string): string;
  added(text: string): string;
  removed(text: string): string;
  hunk(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

export function palette(colour: boolean): Palette {
  const chalk: ChalkInstance = new Chalk({ level: colour ? 1 : 0 });
  return {
    ok: chalk.green,
    changed: chalk.yellow,
    failed: chalk.red,
    skipped: chalk.cyan,
    unreachable: chalk.redBright,
    unknown: chalk.magenta,
    warning: chalk.magentaBright,
    added: chalk.green,
    removed: chalk.red,
    hunk: chalk.cyan,
    dim: chalk.dim,
    bold: chalk.bold,
  };
}

/**
 * Whether a stream gets colours: NO_COLOR and ANSIBLE_NOCOLOR turn them off, FORCE_COLOR and ANSIBLE_FORCE_COLOR
 * on; otherwise a terminal that is not dumb has them.
 */
export function wantsColour(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env["NO_COLOR"] || truthy(env["ANSIBLE_NOCOLOR"])) return false;
  if (truthy(env["FORCE_COLOR"]) || truthy(env["ANSIBLE_FORCE_COLOR"])) return true;
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

function truthy(text: string | undefined): boolean {
  return text !== undefined && text !== "" && !["0", "false", "no", "off"].includes(text.toLowerCase());
}
