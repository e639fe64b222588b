import { floatValue } from "../source/value.ts";
import { Callable, Internal, type Item, text } from "./item.ts";

export const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
export const months = [
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

  /**
   * Python's `strftime`, in the C locale, with glibc's flags and widths: `%-d`, `%^a`, `%_5d`.
   * @param zone the offset and the name that `%z` and `%Z` give; a datetime has none
   */
  format(pattern: string, zone: { readonly offset: string; readonly name: string } = { offset: "", name: "" }): string {
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
      k: () => String(hour).padStart(2),
      l: () => String(hour % 12 || 12).padStart(2),
      M: () => two(date.getUTCMinutes()),
      S: () => two(date.getUTCSeconds()),
      f: () => String(this.#fraction).padStart(6, "0"),
      p: () => (hour < 12 ? "AM" : "PM"),
      P: () => (hour < 12 ? "am" : "pm"),
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
      g: () => two(isoYear % 100),
      D: () => this.format("%m/%d/%y"),
      F: () => this.format("%Y-%m-%d"),
      T: () => this.format("%H:%M:%S"),
      R: () => this.format("%H:%M"),
      r: () => this.format("%I:%M:%S %p"),
      c: () => this.format("%a %b %e %H:%M:%S %Y"),
      x: () => this.format("%m/%d/%y"),
      X: () => this.format("%H:%M:%S"),
      s: () => String(Math.floor(this.#epoch())),
      z: () => zone.offset,
      Z: () => zone.name,
      n: () => "\n",
      t: () => "\t",
      "%": () => "%",
    };
    return pattern.replace(
      /%([-_0^#]*)(\d*)[EO]?([a-zA-Z%])/g,
      (whole, marks: string, width: string, letter: string) => {
        const field = Object.hasOwn(fields, letter) ? fields[letter] : undefined;
        return field === undefined ? whole : padded(field(), marks, width, letter);
      },
    );
  }
}

/** Applies the flags between `%` and its letter. */
function padded(field: string, marks: string, width: string, letter: string): string {
  const isNumber = /^ *\d+$/.test(field) && letter !== "s";
  let result = isNumber && marks.includes("-") ? field.replace(/^[0 ]+(?=.)/, "") : field;
  if (isNumber && marks.includes("_")) result = result.replace(/^0+(?=.)/, (zeros) => " ".repeat(zeros.length));
  if (isNumber && marks.includes("0")) result = result.replace(/^ +/, (blanks) => "0".repeat(blanks.length));
  if (marks.includes("^") || (marks.includes("#") && letter !== "p")) result = result.toUpperCase();
  else if (marks.includes("#")) result = result.toLowerCase();
  const blank = marks.includes("_") || !isNumber || "ekl".includes(letter);
  const filler = blank && !marks.includes("0") ? " " : "0";
  return width === "" ? result : result.padStart(Number(width), filler);
}

/** The controller's time zone at a moment, as `%z` and `%Z` give it. */
export function zoneAt(seconds: number, utc: boolean): { offset: string; name: string } {
  if (utc) return { offset: "+0000", name: "GMT" };
  const at = new Date(seconds * 1000);
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  const offset = `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${two(size % 60)}`;
  // English has short names for few zones, which differ between its countries.
  const names = ["en-US", "en-GB", "en-AU"].map(
    (locale) =>
      new Intl.DateTimeFormat(locale, { timeZoneName: "short" })
        .formatToParts(at)
        .find((part) => part.type === "timeZoneName")?.value ?? "",
  );
  return { offset, name: names.find((name) => /^[A-Z]+$/.test(name)) ?? offset.replace(/00$/, "") };
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
