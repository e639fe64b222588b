import type { Play } from "../playbook/tree.ts";
import { type Dict, dict, type Value } from "../source/value.ts";
import { passwordHash } from "../template/password-hash.ts";
import type { RunContext } from "./context.ts";
import { asBoolean } from "./keywords.ts";

/** `vars_prompt`: asked before the play, unless given with `-e`. What is typed unseen is a secret. */
export async function askPrompts(run: RunContext, play: Play): Promise<Dict> {
  const answers = dict();
  for (const prompt of play.varsPrompt) {
    const name = prompt["name"];
    if (typeof name !== "string" || (run.options.extraVars && Object.hasOwn(run.options.extraVars, name))) continue;
    const secret = asBoolean(prompt["private"] ?? true) ?? true;
    const fallback = prompt["default"] ?? undefined;
    const answer = await ask(run, prompt, name, fallback, secret);
    if (answer === undefined && !run.interrupted) {
      run.warn(`vars_prompt: nobody was asked for ${name}: there is no terminal`);
    }
    const value = answer === undefined || answer === "" ? (fallback ?? "") : answer;
    if (secret) run.secrets.add(String(value));
    answers[name] = encrypted(value, prompt);
    if (run.interrupted) break;
  }
  return answers;
}

/** @returns undefined where there is nobody to ask */
async function ask(
  run: RunContext,
  prompt: Dict,
  name: string,
  fallback: Value | undefined,
  secret: boolean,
): Promise<string | undefined> {
  const text = typeof prompt["prompt"] === "string" ? prompt["prompt"] : name;
  const shown = fallback === undefined ? `${text}: ` : `${text} [${String(fallback)}]: `;
  const how = { echo: !secret, signal: run.cut };
  for (let before = ""; ; before = "The two were not the same.\n") {
    const answer = await run.options.prompt?.(before + shown, how);
    if (answer === undefined || !asBoolean(prompt["confirm"])) return answer;
    const again = await run.options.prompt?.(`confirm ${text}: `, how);
    if (again === undefined || again === answer) return again;
  }
}

/** `encrypt`: the variable holds the password as crypt(3) stores it. */
function encrypted(value: Value, prompt: Dict): Value {
  const { encrypt, salt, salt_size } = prompt;
  if (typeof encrypt !== "string") return value;
  return passwordHash(String(value), encrypt, {
    salt: typeof salt === "string" ? salt : undefined,
    saltSize: typeof salt_size === "number" ? salt_size : undefined,
  });
}
