import { sh } from "../host/script.ts";
import type { UserState } from "./accounts.ts";
import type { Step } from "./contract.ts";
import type { UserArguments } from "./user-arguments.ts";

/**
 * The shadow field of an account that was made for a password that is set only then, until it is: a run that is killed
 * between the two leaves a locked account that the next one still owes its password.
 */
export const notYet = "!play";

/** Whether the password is for new accounts alone. */
export function setOnce(args: UserArguments): boolean {
  return args.password !== undefined && args.update_password === "on_create";
}

/** The hash goes in by standard input: command lines can be seen. */
export function passwordSteps(args: UserArguments, is: UserState | undefined): Step[] {
  const steps: Step[] = [];
  const set =
    args.password !== undefined &&
    (!is ||
      is.password === notYet ||
      (args.update_password === "always" &&
        is.password?.replace(/^!+(?=.)/, "") !== args.password.replace(/^!+(?=.)/, "")));
  if (set)
    steps.push({
      name: "set the password",
      script: sh`chpasswd -e || exit 1`,
      stdin: `${args.name}:${args.password}\n`,
    });
  const locked = set ? (args.password ?? "").startsWith("!") : (is?.password ?? "").startsWith("!");
  if (args.password_lock === true && !locked)
    steps.push({ name: "lock the password", script: sh`usermod -L ${args.name} || exit 1` });
  if (args.password_lock === false && locked)
    steps.push({ name: "unlock the password", script: sh`usermod -U ${args.name} || exit 1` });
  return steps;
}

/** The day since 1970 on which an account ends, as shadow has it; undefined: never. */
export function expiryDay(seconds: number): number | undefined {
  return seconds < 0 ? undefined : Math.floor(seconds / 86_400);
}

/** When the password, and the account, run out. */
export function agingSteps(args: UserArguments, is: UserState | undefined): Step[] {
  const [min, max, warn] = is?.ages ?? [0, 99_999, 7];
  const words = [
    ...(args.password_expire_min !== undefined && (!is || args.password_expire_min !== min)
      ? ["-m", String(args.password_expire_min)]
      : []),
    ...(args.password_expire_max !== undefined && (!is || args.password_expire_max !== max)
      ? ["-M", String(args.password_expire_max)]
      : []),
    ...(args.password_expire_warn !== undefined && (!is || args.password_expire_warn !== warn)
      ? ["-W", String(args.password_expire_warn)]
      : []),
  ];
  if (args.password_expire_account_disable !== undefined && args.password_expire_account_disable !== is?.inactive)
    words.push("-I", String(args.password_expire_account_disable));
  if (args.expires !== undefined && (is ? expiryDay(args.expires) !== is.expires : args.expires >= 0)) {
    words.push("-E", String(expiryDay(args.expires) ?? -1));
  }
  return words.length === 0 ? [] : [{ name: "set when it ends", script: sh`chage ${words} ${args.name} || exit 1` }];
}
