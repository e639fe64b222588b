import { floatValue } from "../source/value.ts";
import { Callable, fail, Internal, type Item, text } from "./item.ts";

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  ...["January", "February", "March", "April", "May", "June", "July"],
  ...["August", "September", "October", "November", "December"],
];
const dayMicroseconds = 86_400_000_000;

/** Python's `timedelta`. */
export class TimeDelta extends Internal {
  readonly typeName = "timedelta";
  readonly microseconds: number;
  constructor(microseconds: number) {
    super();
    this.microseconds = microseconds;
  }
  plus(other: TimeDelta): TimeDelta {
    return new TimeDelta(this.microseconds + other.microseconds);
  }
  negated(): TimeDelta {
    return new TimeDelta(-this.microseconds);
  }
  override attribute(name: string): Item | undefined {
    const whole = Math.floor(this.microseconds / dayMicroseconds);
    const rest = this.microseconds - whole * dayMicroseconds;
    switch (name) {
      case "days":
        return whole;
      case "seconds":
        return Math.floor(rest / 1e6);
      case "microseconds":
        return rest % 1e6;
      case "total_seconds":
        return new Callable(name, () => floatValue(this.microseconds / 1e6));
      default:
        return undefined;
    }
  }
  override repr(): string {
    const whole = Math.floor(this.microseconds / dayMicroseconds);
    const rest = this.microseconds - whole * dayMicroseconds;
    const seconds = Math.floor(rest / 1e6);
    const clock = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    const fraction = rest % 1e6 === 0 ? "" : `.${String(rest % 1e6).padStart(6, "0")}`;
    return `${whole === 0 ? "" : `${whole} day${Math.abs(whole) === 1 ? "" : "s"}, `}${clock}${fraction}`;
  }
}

/** Python's naive `datetime`: the fields of a calendar and a clock, without a zone. */
export class DateTime extends Internal {
  readonly typeName = "datetime";
  /** Microseconds since 1970 as if the fields were UTC. */
  readonly #microseconds: number;
  constructor(microseconds: number) {
    super();
    this.#microseconds = microseconds;
  }
  static now(utc: boolean): DateTime {
    const now = new Date();
    const offset = utc ? 0 : now.getTimezoneOffset() * 60_000;
    return new DateTime((now.getTime() - offset) * 1000);
  }
  /** The seconds of `date +%s` as local (or UTC) fields. */
  static fromEpoch(seconds: number, utc: boolean): DateTime {
    const offset = utc ? 0 : new Date(seconds * 1000).getTimezoneOffset() * 60;
    return new DateTime(Math.round((seconds - offset) * 1e6));
  }
  plus(delta: TimeDelta): DateTime {
    return new DateTime(this.#microseconds + delta.microseconds);
  }
  since(other: DateTime): TimeDelta {
    return new TimeDelta(this.#microseconds - other.#microseconds);
  }
  equals(other: DateTime): boolean {
    return this.#microseconds === other.#microseconds;
  }
  get #date(): Date {
    return new Date(Math.floor(this.#microseconds / 1000));
  }
  get #fraction(): number {
    return ((this.#microseconds % 1e6) + 1e6) % 1e6;
  }
  #epoch(): number {
    const d = this.#date;
    const local = new Date(
      d.getUTCFullYear(),
      d.getUTCMonth(),
      d.getUTCDate(),
      d.getUTCHours(),
      d.getUTCMinutes(),
      d.getUTCSeconds(),
    );
    return local.getTime() / 1000 + this.#fraction / 1e6;
  }
  override attribute(name: string): Item | undefined {
    const date = this.#date;
    switch (name) {
      case "year":
        return date.getUTCFullYear();
      case "month":
        return date.getUTCMonth() + 1;
      case "day":
        return date.getUTCDate();
      case "hour":
        return date.getUTCHours();
      case "minute":
        return date.getUTCMinutes();
      case "second":
        return date.getUTCSeconds();
      case "microsecond":
        return this.#fraction;
      case "strftime":
        return new Callable(name, ({ positional }) => this.format(text(positional[0] ?? "")));
      case "isoformat":
        return new Callable(name, () => this.repr().replace(" ", "T"));
      case "timestamp":
        return new Callable(name, () => floatValue(this.#epoch()));
      case "weekday":
        return new Callable(name, () => (date.getUTCDay() + 6) % 7);
      case "isoweekday":
        return new Callable(name, () => date.getUTCDay() || 7);
      case "date":
        return new Callable(name, () => this.format("%Y-%m-%d"));
      default:
        return undefined;
    }
  }
  override repr(): string {
    return this.format(this.#fraction === 0 ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M:%S.%f");
  }

  /** Python's `strftime`, in the C locale. */
  format(pattern: string): string {
    const date = this.#date;
    const year = date.getUTCFullYear();
    const hour = date.getUTCHours();
    const yearDay = Math.floor(
      (Date.UTC(year, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(year, 0, 1)) / 86_400_000,
    );
    const weekday = date.getUTCDay();
    const [isoYear, isoWeek] = isoWeekOf(date);
    const fields: { readonly [letter: string]: () => string } = {
      Y: () => String(year),
      m: () => two(date.getUTCMonth() + 1),
      d: () => two(date.getUTCDate()),
      e: () => String(date.getUTCDate()).padStart(2),
      H: () => two(hour),
      I: () => two(hour % 12 || 12),
      M: () => two(date.getUTCMinutes()),
      S: () => two(date.getUTCSeconds()),
      f: () => String(this.#fraction).padStart(6, "0"),
      p: () => (hour < 12 ? "AM" : "PM"),
      y: () => two(year % 100),
      C: () => two(Math.floor(year / 100)),
      j: () => String(yearDay + 1).padStart(3, "0"),
      a: () => (days[weekday] ?? "").slice(0, 3),
      A: () => days[weekday] ?? "",
      b: () => (months[date.getUTCMonth()] ?? "").slice(0, 3),
      h: () => (months[date.getUTCMonth()] ?? "").slice(0, 3),
      B: () => months[date.getUTCMonth()] ?? "",
      w: () => String(weekday),
      u: () => String(weekday || 7),
      U: () => two(Math.floor((yearDay + 7 - weekday) / 7)),
      W: () => two(Math.floor((yearDay + 7 - ((weekday + 6) % 7)) / 7)),
      V: () => two(isoWeek),
      G: () => String(isoYear),
      D: () => this.format("%m/%d/%y"),
      F: () => this.format("%Y-%m-%d"),
      T: () => this.format("%H:%M:%S"),
      R: () => this.format("%H:%M"),
      r: () => this.format("%I:%M:%S %p"),
      c: () => this.format("%a %b %e %H:%M:%S %Y"),
      x: () => this.format("%m/%d/%y"),
      X: () => this.format("%H:%M:%S"),
      s: () => String(Math.floor(this.#epoch())),
      z: () => "",
      Z: () => "",
      n: () => "\n",
      t: () => "\t",
      "%": () => "%",
    };
    return pattern.replace(/%(-?)([a-zA-Z%])/g, (whole, dash: string, letter: string) => {
      const field = Object.hasOwn(fields, letter) ? fields[letter] : undefined;
      if (field === undefined) return whole;
      return dash === "" ? field() : field().replace(/^[0 ]+(?=.)/, "");
    });
  }
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

function isoWeekOf(date: Date): [number, number] {
  const thursday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const start = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return [thursday.getUTCFullYear(), Math.ceil(((thursday.getTime() - start) / 86_400_000 + 1) / 7)];
}

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
