import { Float, isDict, Omit, Tagged, Tuple, Unknown, type Value } from "./value.ts";

/** How Python prints a float: the shortest digits, an exponent from 1e16 up and below 1e-4. */
export function floatRepr(number: number): string {
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  if (Object.is(number, -0)) return "-0.0";
  if (number === 0) return "0.0";
  const [mantissa = "0", power = "0"] = number.toExponential().split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? "-" : "+";
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const plain = String(number);
  if (plain.includes("e")) return number.toFixed(Math.max(0, mantissa.replace(/[-.]/g, "").length - 1 - exponent));
  return plain.includes(".") ? plain : `${plain}.0`;
}

/** Python's `str()`: what a template writes for a value. */
export function pythonStr(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Tagged) return value.text;
  return pythonRepr(value);
}

/** Python's `repr()`: strings quoted, `None`, `True`, `[1, 'a']`, `{'k': 1}`. */
export function pythonRepr(value: Value): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : floatRepr(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return quoted(value);
  if (value instanceof Float) return floatRepr(value.value);
  if (value instanceof Tagged) return quoted(value.text);
  if (value instanceof Unknown) return "<known after the run>";
  if (value instanceof Omit) return "<<Omit>>";
  if (value instanceof Tuple)
    return value.length === 1 ? `(${pythonRepr(value[0] ?? null)},)` : `(${[...value].map(pythonRepr).join(", ")})`;
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  if (isDict(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${quoted(key)}: ${pythonRepr(item)}`)
      .join(", ")}}`;
  return String(value);
}

function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let result = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === mark || character === "\\") result += `\\${character}`;
    else if (character === "\n") result += "\\n";
    else if (character === "\r") result += "\\r";
    else if (character === "\t") result += "\\t";
    else if (code < 32 || (code >= 127 && code < 161) || code === 173)
      result += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(character))
      result += code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
    else result += character;
  }
  return mark + result + mark;
}
