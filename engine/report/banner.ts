import stringWidth from "string-width";

/** A heading filled with stars up to `columns`, at least three of them: `TASK [name] *****`. */
export function banner(text: string, columns: number): string {
  return `\n${text} ${"*".repeat(Math.max(3, columns - stringWidth(text)))}`;
}
