import { randomBytes } from "node:crypto";
import type { Channel, Transport } from "./channel.ts";
import type { Become, Target } from "./contract.ts";
import { HostError, type HostErrorCode } from "./contract.ts";
import { startCommand } from "./loop.ts";

/** A channel at whose other end a shell waits for a program, and what it has sent beyond its greeting. */
export interface Started {
  readonly channel: Channel;
  readonly unread: { readonly stdout: readonly Buffer[]; readonly stderr: readonly Buffer[] };
}

/**
 * Opens a channel and starts a shell on it, as another user if asked. The password is given before anything else
 * is sent, and only when it was asked for: what sudo or su does not read, the shell would.
 *
 * @throws HostError `become-failed` with a sentence that says which of password, permission or program it was.
 */
export async function startShell(transport: Transport, target: Target, become: Become | undefined): Promise<Started> {
  if (!become) {
    const hello = randomBytes(8).toString("hex");
    const channel = await transport.open(startCommand(hello, undefined).text);
    return greeted(channel, hello, target);
  }
  // doas reads a password from a terminal only; sudo (requiretty) and older su may insist on one.
  const terminals = become.method === "doas" && become.password !== undefined ? [true] : [false, true];
  let failure: unknown;
  for (const terminal of terminals) {
    try {
      return await attempt(transport, target, become, terminal);
    } catch (error) {
      failure ??= error;
      if (!(error instanceof NeverAsked)) break;
    }
  }
  throw failure;
}

/** It ended without asking for a password, so it may have wanted a terminal. */
class NeverAsked extends HostError {}

async function attempt(transport: Transport, target: Target, become: Become, terminal: boolean): Promise<Started> {
  const hello = randomBytes(8).toString("hex");
  const prompt = `[play:${randomBytes(8).toString("hex")}]`;
  const start = startCommand(hello, becomeWords(become, prompt));
  const text = terminal ? `stty raw -echo; ${start.text}` : start.text;
  const channel = await transport.open(text, { terminal });
  return greeted(channel, hello, target, { become, prompt });
}

function becomeWords(become: Become, prompt: string): { words: string[]; wrapped: boolean } {
  const flags = (become.flags ?? "").split(/\s+/).filter((flag) => flag !== "");
  const exe = become.exe ?? become.method;
  switch (become.method) {
    case "sudo": {
      const given = flags.filter((flag) => flag !== "-n" && flag !== "-S" && flag !== "--non-interactive");
      const home = become.flags === undefined ? ["-H"] : given;
      return { words: [exe, ...home, "-S", "-p", prompt, "-u", become.user, "--"], wrapped: false };
    }
    case "su":
      return { words: [exe, ...flags, "-s", "/bin/sh", become.user, "-c"], wrapped: true };
    case "doas": {
      const quiet = become.password === undefined && !flags.includes("-n") ? ["-n"] : [];
      return { words: [exe, ...flags, ...quiet, "-u", become.user, "--"], wrapped: false };
    }
  }
}

/** Waits for the greeting, answering one prompt. */
function greeted(
  channel: Channel,
  hello: string,
  target: Target,
  asking?: { become: Become; prompt: string },
): Promise<Started> {
  return new Promise((resolve, reject) => {
    let out = Buffer.alloc(0);
    let err = Buffer.alloc(0);
    let answered = false;
    let settled = false;
    const where = target.name;
    const timer = setTimeout(() => {
      const what = asking ? `${asking.become.method} on ${where}` : where;
      const heard = answered ? "did not answer to the password" : "gave no shell";
      fail(`${what} ${heard} within ${target.timeout} s.`);
    }, target.timeout * 1000);

    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      clearTimeout(timer);
      channel.stdout.pause().off("data", onOut);
      channel.stderr?.pause().off("data", onErr);
      return true;
    };
    const fail = (message: string, sort: typeof HostError = HostError, code: HostErrorCode = "unreachable"): void => {
      if (!settle()) return;
      channel.destroy();
      reject(new sort(asking ? "become-failed" : code, message));
    };
    const ask = (): void => {
      if (!asking) return;
      const { become } = asking;
      const wanted = `${become.method} on ${where} asks for a password to become ${become.user}`;
      if (become.password === undefined) {
        fail(`${wanted}, and none was given (ansible_become_password).`);
        return;
      }
      if (answered) {
        fail(`${become.method} on ${where} refused the password for ${become.user}.`);
        return;
      }
      answered = true;
      channel.stdin.write(`${become.password}\n`);
    };
    let askedUpTo = 0;
    const onPrompt = (): void => {
      if (!asking) return;
      const text =
        err.toString("latin1") + (channel.stderr && asking.become.method !== "su" ? "" : out.toString("latin1"));
      if (asking.become.method === "sudo") {
        const at = text.indexOf(asking.prompt, askedUpTo);
        if (at < 0) return;
        askedUpTo = at + asking.prompt.length;
        ask();
        return;
      }
      // su and doas ask in the host's language: it is the text that ends in no newline.
      if (!answered && /[^\s][^\n]*$/.test(text) && text.trimEnd() !== hello) ask();
    };
    const onOut = (chunk: Buffer): void => {
      out = Buffer.concat([out, chunk]);
      const at = out.indexOf(hello);
      const end = at < 0 ? -1 : out.indexOf("\n", at);
      if (at < 0) onPrompt();
      if (at < 0 || end < 0) return;
      const rest = out.subarray(end + 1);
      if (settle()) resolve({ channel, unread: { stdout: rest.length > 0 ? [rest] : [], stderr: [] } });
    };
    const onErr = (chunk: Buffer): void => {
      err = Buffer.concat([err, chunk]);
      if (err.length > 65536) err = err.subarray(-32768);
      onPrompt();
    };
    channel.stdout.on("data", onOut);
    channel.stderr?.on("data", onErr);
    channel.stdin.on("error", () => {}); // told by `closed`
    void channel.closed.then(({ status, reason }) => {
      const said = reason ?? lastLine(err.length > 0 ? err : out, asking?.prompt);
      if (!asking) return fail(`${where} gave no shell${said ? `: ${said}` : ""}.`, HostError, sshCode(target, err));
      const { become } = asking;
      if (status === 127 && !answered) {
        return fail(`${where} has no ${become.exe ?? become.method}: become_method ${become.method} cannot be used.`);
      }
      if (answered && status !== undefined && become.method !== "sudo") {
        return fail(`${become.method} on ${where} refused the password for ${become.user}${said ? `: ${said}` : ""}.`);
      }
      const message = `${become.method} on ${where} does not let us become ${become.user}${said ? `: ${said}` : ""}.`;
      fail(message, answered ? HostError : NeverAsked);
    });
  });
}

function lastLine(bytes: Buffer, prompt: string | undefined): string {
  const text = bytes.toString("utf8").replaceAll(prompt ?? "\0", "");
  const line =
    text
      .trim()
      .split(/[\r\n]+/)
      .at(-1) ?? "";
  return line.replace(/\.$/, "");
}

/** What the system's ssh means; its own messages are not translated. */
function sshCode(target: Target, said: Buffer): HostErrorCode {
  if (target.transport !== "openssh") return "unreachable";
  const text = said.toString("latin1");
  if (text.includes("IDENTIFICATION HAS CHANGED")) return "host-key-changed";
  if (text.includes("Host key verification failed")) return "host-key-unknown";
  return /Permission denied|Too many authentication failures/.test(text) ? "authentication-failed" : "unreachable";
}
