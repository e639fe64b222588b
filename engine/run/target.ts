import type { Become, Target } from "../host/contract.ts";
import type { BaseKeywords } from "../playbook/tree.ts";
import { DiagnosticError } from "../source/diagnostic.ts";
import type { Secrets } from "../source/secrets.ts";
import { Float, Unknown, type Value } from "../source/value.ts";
import type { TaskVars } from "../vars/contract.ts";
import { asBoolean, type Keywords } from "./keywords.ts";
import type { ConnectionOptions } from "./options.ts";

export interface Reach {
  readonly target: Target;
  readonly become: Become | undefined;
}

/**
 * How a task reaches a host: the host's variables first, then the keywords around the task, then the command line.
 *
 * @param name the inventory name of the host reached, the delegate's where a task is delegated
 * @param vars the variables of that host
 * @param implicit whether it is the localhost that no inventory names
 */
export function reach(
  name: string,
  vars: TaskVars,
  keywords: BaseKeywords,
  render: Keywords,
  options: ConnectionOptions,
  secrets: Secrets,
  implicit: boolean,
): Reach | Unknown {
  const first = (...names: string[]): Value | undefined => {
    for (const each of names) {
      const value = vars.lookup(each);
      if (value !== undefined && value !== null && value !== "") return value;
    }
    return undefined;
  };
  const text = (...names: string[]): string | undefined => {
    const value = first(...names);
    if (value instanceof Unknown) throw new UnknownConnection(value);
    return value === undefined ? undefined : value instanceof Float ? String(value.value) : String(value);
  };
  const secret = (value: string | undefined): string | undefined => {
    if (value !== undefined) secrets.add(value);
    return value;
  };
  try {
    const written =
      text("ansible_connection") ??
      render.text("connection", keywords.connection) ??
      (implicit ? "local" : options.transport) ??
      "ssh";
    const transport = transportOf(written, name);
    const port = text("ansible_port", "ansible_ssh_port") ?? render.text("port", keywords.port);
    const user =
      text("ansible_user", "ansible_ssh_user") ?? render.text("remote_user", keywords.remoteUser) ?? options.user;
    const sshArguments = [
      text("ansible_ssh_common_args") ?? options.sshCommonArgs,
      text("ansible_ssh_extra_args") ?? options.sshExtraArgs,
    ].filter((part) => part !== undefined && part !== "");
    const checking = first("ansible_ssh_host_key_checking", "ansible_host_key_checking");
    const timeout = text("ansible_ssh_timeout", "ansible_timeout");
    const optional = <K extends keyof Target>(key: K, value: Target[K] | undefined): Partial<Target> =>
      value === undefined ? {} : ({ [key]: value } as Partial<Target>); // one key of Target with its own type
    const remote = transport === "ssh" || transport === "openssh";
    const target: Target = {
      name,
      transport,
      address: text("ansible_host", "ansible_ssh_host") ?? name,
      ...(remote && port !== undefined ? { port: Number(port) } : {}),
      ...(transport === "local" ? {} : optional("user", user)),
      ...(remote
        ? {
            ...optional(
              "password",
              secret(text("ansible_password", "ansible_ssh_password", "ansible_ssh_pass") ?? options.password),
            ),
            ...optional(
              "privateKeyFile",
              text("ansible_ssh_private_key_file", "ansible_private_key_file") ?? options.privateKeyFile,
            ),
            ...optional(
              "passphrase",
              secret(text("ansible_ssh_private_key_passphrase", "ansible_private_key_passphrase")),
            ),
            ...optional("sshArguments", sshArguments.length > 0 ? sshArguments.join(" ") : undefined),
          }
        : {}),
      hostKeyChecking: asBoolean(checking) ?? options.hostKeyChecking ?? true,
      timeout: timeout === undefined ? (options.timeout ?? 10) : Number(timeout),
      ...(transport === "docker" ? optional("dockerHost", text("ansible_docker_host")) : {}),
    };
    return { target, become: becomeOf(first, text, secret, keywords, render, options, name) };
  } catch (error) {
    if (error instanceof UnknownConnection) return error.unknown;
    throw error;
  }
}

class UnknownConnection extends Error {
  readonly unknown: Unknown;
  constructor(unknown: Unknown) {
    super(unknown.reason);
    this.unknown = unknown;
  }
}

function transportOf(written: string, host: string): Target["transport"] {
  const short = written.split(".").at(-1) ?? written;
  switch (short) {
    case "ssh":
    case "smart":
    case "paramiko":
    case "paramiko_ssh":
    case "libssh":
      return "ssh";
    case "openssh":
    case "local":
    case "docker":
      return short;
    case "docker_api":
      return "docker";
    default:
      throw new DiagnosticError({
        code: "unknown-connection",
        severity: "error",
        summary: `the connection plugin '${written}' of ${host} does not exist here`,
        hint: "Connections are: ssh, openssh, local, docker.",
      });
  }
}

function becomeOf(
  first: (...names: string[]) => Value | undefined,
  text: (...names: string[]) => string | undefined,
  secret: (value: string | undefined) => string | undefined,
  keywords: BaseKeywords,
  render: Keywords,
  options: ConnectionOptions,
  host: string,
): Become | undefined {
  const wanted =
    asBoolean(first("ansible_become")) ?? render.boolean("become", keywords.become) ?? options.become ?? false;
  if (!wanted) return undefined;
  const written =
    text("ansible_become_method") ??
    render.text("become_method", keywords.becomeMethod) ??
    options.becomeMethod ??
    "sudo";
  const method = written.split(".").at(-1);
  if (method !== "sudo" && method !== "su" && method !== "doas") {
    throw new DiagnosticError({
      code: "unknown-become-method",
      severity: "error",
      summary: `the become method '${written}' of ${host} does not exist here`,
      hint: "Methods are: sudo, su, doas.",
    });
  }
  const password = secret(
    text("ansible_become_password", "ansible_become_pass", `ansible_${method}_password`, `ansible_${method}_pass`) ??
      options.becomePassword,
  );
  const exe = text("ansible_become_exe", `ansible_${method}_exe`) ?? render.text("become_exe", keywords.becomeExe);
  const flags =
    text("ansible_become_flags", `ansible_${method}_flags`) ?? render.text("become_flags", keywords.becomeFlags);
  return {
    method,
    user:
      text("ansible_become_user", `ansible_${method}_user`) ??
      render.text("become_user", keywords.becomeUser) ??
      options.becomeUser ??
      "root",
    ...(password === undefined ? {} : { password }),
    ...(exe === undefined ? {} : { exe }),
    ...(flags === undefined ? {} : { flags }),
  };
}
