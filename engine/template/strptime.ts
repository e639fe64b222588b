import { DateTime, days, months } from "./date-time.ts";
import { fail } from "./item.ts";

/** Python's `strptime`. @throws OperationError where the text does not fit */
export function parseDateTime(value: string, pattern: string): DateTime {
  const names: string[] = [];
  const group = (name: string, expression: string): string => {
    names.push(name);
    return `(${expression})`;
  };
  const short = (list: readonly string[]): string => list.map((each) => each.slice(0, 3)).join("|");
  const expand = (format: string): string =>
    format.replace(/%([a-zA-Z%])|\s+|[\\^$.*+?()[\]{}|/]/g, (whole, letter: string | undefined) => {
      if (/^\s/.test(whole)) return "\\s+";
      switch (letter) {
        case undefined:
          return `\\${whole}`;
        case "Y":
          return group("year", "\\d{4}");
        case "y":
          return group("shortYear", "\\d{2}");
        case "m":
          return group("month", "1[0-2]|0[1-9]|[1-9]");
        case "d":
        case "e":
          return group("day", "3[01]|[12]\\d|0[1-9]| ?[1-9]");
        case "H":
          return group("hour", "2[0-3]|[01]\\d|\\d");
        case "I":
          return group("hour12", "1[0-2]|0[1-9]|[1-9]");
        case "M":
          return group("minute", "[0-5]\\d|\\d");
        case "S":
          return group("second", "6[01]|[0-5]\\d|\\d");
        case "f":
          return group("fraction", "\\d{1,6}");
        case "j":
          return group("yearDay", "36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]");
        case "b":
        case "h":
          return group("monthName", short(months));
        case "B":
          return group("monthName", months.join("|"));
        case "a":
          return `(?:${short(days)})`;
        case "A":
          return `(?:${days.join("|")})`;
        case "p":
          return group("half", "AM|PM");
        case "z":
          return "(?:Z|[-+]\\d\\d:?\\d\\d)";
        case "Z":
          return "(?:UTC|GMT|[A-Z]{3,4})";
        case "%":
          return "%";
        case "D":
          return expand("%m/%d/%y");
        case "F":
          return expand("%Y-%m-%d");
        case "T":
          return expand("%H:%M:%S");
        default:
          return fail(`strptime has no format '%${letter}'`);
      }
    });
  const match = new RegExp(`^${expand(pattern)}$`, "i").exec(value);
  if (match === null) return fail(`the time '${value}' does not have the format '${pattern}'`);
  const fields = new Map(names.map((name, index) => [name, match[index + 1] ?? ""]));
  const number = (name: string, fallback: number): number => (fields.has(name) ? Number(fields.get(name)) : fallback);
  const shortYear = number("shortYear", 0);
  const year = number("year", fields.has("shortYear") ? shortYear + (shortYear < 69 ? 2000 : 1900) : 1900);
  const monthName = fields.get("monthName")?.toLowerCase().slice(0, 3);
  const month =
    monthName === undefined
      ? number("month", 1) - 1
      : months.findIndex((each) => each.toLowerCase().startsWith(monthName));
  const half = fields.get("half")?.toUpperCase();
  const hour = fields.has("hour12") ? (number("hour12", 0) % 12) + (half === "PM" ? 12 : 0) : number("hour", 0);
  const day = fields.has("yearDay") ? number("yearDay", 1) : number("day", 1);
  const date = new Date(0);
  date.setUTCFullYear(year, fields.has("yearDay") ? 0 : month, day);
  if (!fields.has("yearDay") && date.getUTCDate() !== day)
    return fail(`the time '${value}' has a day that its month lacks`);
  date.setUTCHours(hour, number("minute", 0), number("second", 0));
  return new DateTime(date.getTime() * 1000 + Number((fields.get("fraction") ?? "").padEnd(6, "0")));
}
