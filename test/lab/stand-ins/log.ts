/** Lines as logrus writes them to a file: `time="…" level=info msg="…" key=value`. */
export type Fields = Readonly<Record<string, string | number>>;

export function logInfo(message: string, fields: Fields = {}): void {
  process.stderr.write(`${logLine("info", message, fields)}\n`);
}

export function logWarning(message: string, fields: Fields = {}): void {
  process.stderr.write(`${logLine("warning", message, fields)}\n`);
}

export function logError(message: string, fields: Fields = {}): void {
  process.stderr.write(`${logLine("error", message, fields)}\n`);
}

export function logLine(level: string, message: string, fields: Fields, now = new Date()): string {
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  const pairs = Object.keys(fields)
    .sort()
    .map((key) => ` ${key}=${bare(fields[key] ?? "")}`);
  return `time="${time}" level=${level} msg=${JSON.stringify(message)}${pairs.join("")}`;
}

function bare(value: string | number): string {
  const text = String(value);
  return /^[A-Za-z0-9._-]+$/.test(text) ? text : JSON.stringify(text);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
