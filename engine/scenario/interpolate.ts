import { DiagnosticError } from "../source/diagnostic.ts";

/**
 * Fills environment variables into the text of a molecule.yml, as Molecule does: `$NAME`, `${NAME}`, `${NAME-default}`
 * (where NAME is not set), `${NAME:-default}` (where it is not set, or empty); `$$` is a dollar sign. Lines stay where
 * they are, so that positions hold.
 * @throws DiagnosticError for a `$` that begins nothing
 */
export function interpolate(text: string, variables: NodeJS.ProcessEnv, file: string): string {
  return text
    .split("\n")
    .map((line, index) => (/^\s*#/.test(line) ? line : filled(line, variables, { file, line: index + 1 })))
    .join("\n");
}

function filled(line: string, variables: NodeJS.ProcessEnv, at: { file: string; line: number }): string {
  return line.replace(
    /\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?-)([^}]*))?\}|)/g,
    (
      _whole,
      dollar?: string,
      bare?: string,
      braced?: string,
      operator?: string,
      fallback?: string,
      column?: number,
    ) => {
      if (dollar !== undefined) return "$";
      const name = bare ?? braced;
      if (name === undefined) {
        throw new DiagnosticError({
          code: "scenario",
          severity: "error",
          summary: "this $ begins no variable",
          at: { ...at, column: (column ?? 0) + 1 },
          hint: "write $$ for a dollar sign",
        });
      }
      const value = variables[name];
      const wanted = value === undefined || (value === "" && operator === ":-") ? fallback : value;
      return wanted ?? "";
    },
  );
}
